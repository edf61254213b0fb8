<?php
// PHP's SoapClient (Debian's php-soap) calls the desk.
//
// Environment: DESK_WSDL (file or address), DESK_VERSION (1.1 or 1.2). Prints "ok STEP" for each step; exit code 1 at the first that is not.
// Facts: no MTOM. A list with one item comes as the item unless SOAP_SINGLE_ELEMENT_ARRAYS is set. Times are strings, and so is all in
// the detail of a fault.

const NS = 'urn:example:desk';
const WORDS = "z\u{fc}rich \u{4e2d}\u{6587} \u{1F600} <&>\"'\t.";

set_exception_handler(function (Throwable $e): void {
    echo 'FAIL ', $e->getMessage(), "\n";
    exit(1);
});

function step(string $name, bool $good, $got = ''): void
{
    echo $good ? "ok $name\n" : "FAIL $name " . var_export($got, true) . "\n";
    if (!$good) {
        exit(1);
    }
}

function pattern(int $n): string
{
    $b = '';
    for ($i = 0; $i < $n; $i++) {
        $b .= chr(($i * 7 + 3) & 255);
    }
    return $b;
}

function desk(): SoapClient
{
    return new SoapClient(getenv('DESK_WSDL'), [
        'soap_version' => getenv('DESK_VERSION') === '1.2' ? SOAP_1_2 : SOAP_1_1,
        'cache_wsdl' => WSDL_CACHE_NONE, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS, 'exceptions' => true,
    ]);
}

$desk = desk();
step('echo words', $desk->Echo(['text' => WORDS])->EchoResult === WORDS);
step('echo empty', $desk->Echo(['text' => ''])->EchoResult === '');
step('echo nil', $desk->Echo(['text' => null])->EchoResult === null);
step('add', $desk->Add(['a' => 2, 'b' => -44])->AddResult === -42);

$order = ['Id' => 7, 'When' => '2024-02-29T13:14:15.678Z', 'Day' => '2024-02-29', 'Amount' => '12345.6789', 'Price' => 0.1, 'Big' => -5000000000,
    'Paid' => true, 'Note' => null, 'Data' => "\x00\x01\x02\xfd\xfe\xff", 'Tags' => ['Tag' => ['a', 'b<&>c', "\u{e9}"]],
    'Item' => [['Sku' => 's1', 'Qty' => 1], ['Sku' => 's2', 'Qty' => 2]]];
$back = $desk->Submit(['order' => $order])->SubmitResult;
step('submit When', new DateTime($back->When) == new DateTime($order['When']), $back->When);
foreach (['Day', 'Amount', 'Price', 'Big', 'Paid', 'Note', 'Data'] as $field) {
    step("submit $field", $back->$field === $order[$field], $back->$field);
}
step('submit Id', $back->Id === 8);
step('submit Tags', $back->Tags->Tag === $order['Tags']['Tag'], $back->Tags);
step('submit Item', $back->Item == array_map(fn ($i) => (object) $i, $order['Item']), $back->Item);

foreach ([0, 5, 2000] as $size) {
    step("blob $size", $desk->Blob(['size' => $size])->BlobResult === pattern($size));
    step("store $size", $desk->Store(['data' => pattern($size)])->StoreResult === array_sum(unpack('C*', pattern($size)) ?: []));
}

$receipt = [];
$who = $desk->__soapCall('Whoami', [[]], null, [new SoapHeader(NS, 'Ticket', 't-7', true)], $receipt);
step('whoami', $who->WhoamiResult === 'holder of t-7' && $receipt === ['Receipt' => 'r-t-7'], [$who, $receipt]);

foreach (['sender' => ['Client', 'Sender'], 'receiver' => ['Server', 'Receiver'], 'typed' => ['Client', 'Sender']] as $kind => $codes) {
    try {
        step("fault $kind", false, $desk->Fail(['kind' => $kind]));
    } catch (SoapFault $e) {
        $code = preg_replace('/.*:/', '', $e->faultcode);
        step("fault $kind", $e->getMessage() === "$kind reason" && in_array($code, $codes), [$e->getMessage(), $e->faultcode]);
        if ($kind === 'typed') {
            step('fault detail', $e->detail->Oops->Code === '7' && $e->detail->Oops->Detail === 'typed detail', $e->detail);
        }
    }
}

step('notify', $desk->Notify(['text' => WORDS]) === null);
echo "done\n";
