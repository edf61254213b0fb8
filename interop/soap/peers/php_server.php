<?php
// PHP's SoapServer (Debian's php-soap) is the desk, behind php -S 127.0.0.1:PORT php_server.php.
//
// Environment: DESK_WSDL (file), DESK_VERSION (1.1 or 1.2): the version of faults that PHP makes before it has seen the request.
// Facts: the server answers in the version of the request. A fault's detail is typed by the WSDL when the fault has its name;
// Client and Server become Sender and Receiver in 1.2; SoapFault has no subcodes.

const NS = 'urn:example:desk';
const WORDS = "z\u{fc}rich \u{4e2d}\u{6587} \u{1F600} <&>\"'\t.";

class Desk
{
    public SoapServer $server;

    private bool $ticket = false;

    // A header is a call of its own before the operation.
    public function Ticket($ticket): void
    {
        $this->ticket = $ticket === 't-7';
    }

    public function Echo($in)
    {
        return ['EchoResult' => $in->text];
    }

    public function Add($in)
    {
        return ['AddResult' => $in->a + $in->b];
    }

    public function Submit($in)
    {
        $o = $in->order;
        $want = [7, '2024-02-29', '12345.6789', 0.1, -5000000000, true, null, "\x00\x01\x02\xfd\xfe\xff", ['a', 'b<&>c', "\u{e9}"]];
        $got = [$o->Id, $o->Day, $o->Amount, $o->Price, $o->Big, $o->Paid, $o->Note, $o->Data, $o->Tags->Tag];
        $items = array_map(fn ($i) => [$i->Sku, $i->Qty], $o->Item);
        if ($got !== $want || new DateTime($o->When) != new DateTime('2024-02-29T13:14:15.678Z') || $items !== [['s1', 1], ['s2', 2]]) {
            throw new SoapFault('Client', 'not the order: ' . var_export($o, true));
        }
        $o->Id++;
        return ['SubmitResult' => $o];
    }

    public function Blob($in)
    {
        $b = '';
        for ($i = 0; $i < $in->size; $i++) {
            $b .= chr(($i * 7 + 3) & 255);
        }
        return ['BlobResult' => $b];
    }

    public function Store($in)
    {
        return ['StoreResult' => array_sum(unpack('C*', $in->data) ?: [])];
    }

    public function Fail($in)
    {
        if ($in->kind === 'typed') {
            throw new SoapFault('Client', 'typed reason', null, ['Code' => 7, 'Detail' => 'typed detail'], 'Oops');
        }
        throw new SoapFault($in->kind === 'receiver' ? 'Server' : 'Client', $in->kind . ' reason');
    }

    public function Whoami()
    {
        $this->server->addSoapHeader(new SoapHeader(NS, 'Receipt', 'r-t-7'));
        return ['WhoamiResult' => $this->ticket ? 'holder of t-7' : 'nobody'];
    }

    public function Notify($in): void
    {
        error_log($in->text === WORDS ? 'notified' : 'notified wrongly');
    }
}

$server = new SoapServer(getenv('DESK_WSDL'), ['soap_version' => getenv('DESK_VERSION') === '1.2' ? SOAP_1_2 : SOAP_1_1, 'cache_wsdl' => WSDL_CACHE_NONE, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$desk = new Desk();
$desk->server = $server;
$server->setObject($desk);
$server->handle();
