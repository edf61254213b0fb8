#!/usr/bin/perl
# SOAP::Lite's stand-alone HTTP daemon (Debian's libsoap-lite-perl) is the desk.
#
# Environment: DESK_PORT, DESK_VERSION. Prints READY.
# Facts: the operation is found by its element; what comes is read by name, what goes is made by hand. Every header that must be
# understood is refused unless that check is turned off. In SOAP 1.2 it answers with an envelope of 1.2 as text/xml, and with
# faults in the form of 1.1: no reader of 1.2 can take that, so this server speaks 1.1 only.
use strict;
use warnings;
use utf8;
use MIME::Base64;
use SOAP::Transport::HTTP;

$| = 1;
$SOAP::Constants::DO_NOT_CHECK_MUSTUNDERSTAND = 1;    # Whoami looks at the ticket itself
my $ns    = 'urn:example:desk';
my $words = "z\x{fc}rich \x{4e2d}\x{6587} \x{1F600} <&>\"'\t.";

package Desk;
our @ISA = ('SOAP::Server::Parameters');    # operations get the whole message last

sub el { my ($name, $type, $value) = @_; return SOAP::Data->name($name)->attr({ xmlns => $ns })->type($type => $value) }
sub list { my ($name, @items) = @_; return SOAP::Data->name($name)->attr({ xmlns => $ns })->value(\SOAP::Data->value(@items)) }
sub null { return SOAP::Data->name($_[0])->attr({ xmlns => $ns, 'xsi:nil' => 'true' }) }

sub Echo {
    my $text = $_[-1]->valueof('//Echo/text');
    return defined $text ? el('EchoResult', 'string', $text) : null('EchoResult');
}
sub Add { return el('AddResult', 'int', $_[-1]->valueof('//Add/a') + $_[-1]->valueof('//Add/b')) }

sub Submit {
    my $m = $_[-1];
    my @fields = (
        ['Id', 'int', 7], ['When', 'dateTime', '2024-02-29T13:14:15.678Z'], ['Day', 'date', '2024-02-29'], ['Amount', 'decimal', '12345.6789'],
        ['Price', 'double', '0.1'], ['Big', 'long', '-5000000000'], ['Paid', 'boolean', 'true'], ['Data', 'base64Binary', "\x00\x01\x02\xfd\xfe\xff"]);
    for (@fields) {
        my $got = $m->valueof("//order/$_->[0]");
        $got = MIME::Base64::decode_base64($got) if $_->[0] eq 'Data';    # without xsi:type it is text
        die SOAP::Fault->faultcode('Client')->faultstring("not the order: $_->[0] is $got") if $got ne $_->[2];
    }
    my @tags = $m->valueof('//order/Tags/Tag');
    my @items = $m->valueof('//order/Item');
    if (join('|', @tags) ne "a|b<&>c|\x{e9}" || join('|', map { "$_->{Sku} $_->{Qty}" } @items) ne 's1 1|s2 2' || defined $m->valueof('//order/Note')) {
        die SOAP::Fault->faultcode('Client')->faultstring('not the order: lists');
    }
    $fields[0][2]++;
    my $data = pop @fields;
    return list('SubmitResult', (map { el(@$_) } @fields), null('Note'), el(@$data), list('Tags', map { el('Tag', 'string', $_) } @tags),
        map { list('Item', el('Sku', 'string', $_->{Sku}), el('Qty', 'int', $_->{Qty})) } @items);
}

sub Blob {
    my $b = join '', map { chr(($_ * 7 + 3) & 255) } 0 .. $_[-1]->valueof('//Blob/size') - 1;
    return el('BlobResult', 'base64Binary', $b);
}

sub Store {
    my $n = 0;
    $n += ord for split //, MIME::Base64::decode_base64($_[-1]->valueof('//Store/data') // '');
    return el('StoreResult', 'int', $n);
}

sub Fail {
    my $kind  = $_[-1]->valueof('//Fail/kind');
    my $fault = SOAP::Fault->faultcode($kind eq 'receiver' ? 'Server' : 'Client')->faultstring("$kind reason");
    $fault->faultdetail(list('Oops', el('Code', 'int', 7), el('Detail', 'string', 'typed detail'))) if $kind eq 'typed';
    die $fault;
}

sub Whoami {
    my $who = ($_[-1]->valueof('//Header/Ticket') // '') eq 't-7' ? 'holder of t-7' : 'nobody';
    return (el('WhoamiResult', 'string', $who), SOAP::Header->name('Receipt')->attr({ xmlns => $ns })->type('string' => 'r-t-7'));
}

sub Notify { print $_[-1]->valueof('//Notify/text') eq $words ? "notified\n" : "notified wrongly\n"; return }

package main;

my $daemon = SOAP::Transport::HTTP::Daemon->new(LocalAddr => '127.0.0.1', LocalPort => $ENV{DESK_PORT}, ReuseAddr => 1)->dispatch_with({ $ns => 'Desk' });
$daemon->on_action(sub { });    # the operation is found by its element
$daemon->serializer->soapversion($ENV{DESK_VERSION});
$daemon->serializer->default_ns($ns);
$daemon->serializer->encodingStyle('');
print "READY\n";
$daemon->handle;
