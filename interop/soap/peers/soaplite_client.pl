#!/usr/bin/perl
# SOAP::Lite (Debian's libsoap-lite-perl) calls the desk, with elements and actions made by hand: its reader of WSDL is for RPC.
#
# Environment: DESK_URL (the service), DESK_VERSION (1.1 or 1.2). Prints "ok STEP" for each step; exit code 1 at the first that is not.
# Facts: types are guessed from values, so each is named here; text comes back as it is, nil as undef; no MTOM. In SOAP 1.2 it
# still sends SOAPAction beside the parameter action.
use strict;
use warnings;
use utf8;
use MIME::Base64;
use SOAP::Lite;

binmode STDOUT, ':utf8';
$| = 1;
my $ns    = 'urn:example:desk';
my $words = "z\x{fc}rich \x{4e2d}\x{6587} \x{1F600} <&>\"'\t.";

sub step {
    my ($name, $good, $got) = @_;
    print $good ? "ok $name\n" : "FAIL $name " . ($got // 'undef') . "\n";
    exit 1 unless $good;
}
sub same { my ($got, $want) = @_; return defined $got && defined $want ? $got eq $want : !defined $got && !defined $want }
sub pattern { return join '', map { chr(($_ * 7 + 3) & 255) } 0 .. $_[0] - 1 }
sub total { my $n = 0; $n += ord for split //, $_[0]; return $n }

my $desk = SOAP::Lite->soapversion($ENV{DESK_VERSION})->proxy($ENV{DESK_URL})->on_action(sub { "\"$ns/$_[1]\"" });
$desk->on_fault(sub { });    # faults are looked at below
$desk->encodingStyle('');

sub el { my ($name, $type, $value) = @_; return SOAP::Data->name($name)->type($type => $value) }

# call gives the answer to an operation whose parameters are the given elements.
sub call {
    my ($op, @parameters) = @_;
    return $desk->call(SOAP::Data->name($op)->attr({ xmlns => $ns }) => @parameters);
}

for my $case (['words', $words], ['empty', ''], ['nil', undef]) {
    my ($name, $text) = @$case;
    my $got = call('Echo', defined $text ? el('text', 'string', $text) : SOAP::Data->name('text')->attr({ 'xsi:nil' => 'true' }))->valueof('//EchoResult');
    step("echo $name", same($got, $text), $got);
}
step('add', call('Add', el('a', 'int', 2), el('b', 'int', -44))->valueof('//AddResult') == -42);

sub list { my ($name, @items) = @_; return SOAP::Data->name($name => \SOAP::Data->value(@items)) }
my @fields = (
    ['Id', 'int', 7], ['When', 'dateTime', '2024-02-29T13:14:15.678Z'], ['Day', 'date', '2024-02-29'], ['Amount', 'decimal', '12345.6789'],
    ['Price', 'double', '0.1'], ['Big', 'long', '-5000000000'], ['Paid', 'boolean', 'true']);
my @order = ((map { el(@$_) } @fields), SOAP::Data->name('Note')->attr({ 'xsi:nil' => 'true' }), el('Data', 'base64Binary', "\x00\x01\x02\xfd\xfe\xff"),
    list('Tags', map { el('Tag', 'string', $_) } 'a', 'b<&>c', "\x{e9}"),
    map { list('Item', el('Sku', 'string', $_->[0]), el('Qty', 'int', $_->[1])) } ['s1', 1], ['s2', 2]);
my $answer = call('Submit', list('order', @order));
step('submit', !$answer->fault, $answer->faultstring);
for (@fields) {
    my ($name, $type, $want) = @$_;
    my $got = $answer->valueof("//SubmitResult/$name");
    $want = 8 if $name eq 'Id';
    step("submit $name", same($got, $want), $got);
}
step('submit Note', !defined $answer->valueof('//SubmitResult/Note'));
step('submit Data', decode_base64($answer->valueof('//SubmitResult/Data')) eq "\x00\x01\x02\xfd\xfe\xff");
step('submit Tags', join('|', $answer->valueof('//SubmitResult/Tags/Tag')) eq "a|b<&>c|\x{e9}");
step('submit Item', join('|', map { "$_->{Sku} $_->{Qty}" } $answer->valueof('//SubmitResult/Item')) eq 's1 1|s2 2');

for my $size (0, 5, 2000) {
    step("blob $size", decode_base64(call('Blob', el('size', 'int', $size))->valueof('//BlobResult') // '') eq pattern($size));
    step("store $size", call('Store', el('data', 'base64Binary', pattern($size)))->valueof('//StoreResult') == total(pattern($size)));
}

$answer = call('Whoami', SOAP::Header->name('Ticket')->attr({ xmlns => $ns })->type('string' => 't-7')->mustUnderstand(1));
step('whoami', same($answer->valueof('//WhoamiResult'), 'holder of t-7') && same($answer->headerof('//Receipt') && $answer->headerof('//Receipt')->value, 'r-t-7'), $answer->faultstring);

for (['sender', qr/Client|Sender/], ['receiver', qr/Server|Receiver/], ['typed', qr/Client|Sender/]) {
    my ($kind, $code) = @$_;
    my $fault = call('Fail', el('kind', 'string', $kind));
    if ($ENV{DESK_VERSION} eq '1.2') {    # SOAP::Lite has no words for the faults of 1.2, but finds what is in them
        step("fault $kind", $fault->valueof('//Fault/Code/Value') =~ $code && $fault->valueof('//Fault/Reason/Text') eq "$kind reason");
    } else {
        step("fault $kind", $fault->faultcode =~ $code && $fault->faultstring eq "$kind reason", $fault->faultcode);
    }
    step('fault detail', $fault->valueof('//Oops/Code') == 7 && $fault->valueof('//Oops/Detail') eq 'typed detail') if $kind eq 'typed';
}

call('Notify', el('text', 'string', $words));
step('notify', $desk->transport->is_success, $desk->transport->status);
print "done\n";
