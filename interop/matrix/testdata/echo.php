<?php
// PHP's SoapClient calls Echo of the echo contract (interop/mono) by SOAP 1.1: php echo.php ADDRESS. It prints the answer and ends with 0, or
// the fault and ends with 1.
try {
    $client = new SoapClient(null, ['location' => $argv[1], 'uri' => 'http://tempuri.org/', 'soap_version' => SOAP_1_1, 'style' => SOAP_DOCUMENT, 'use' => SOAP_LITERAL]);
    $body = new SoapVar('<Echo xmlns="http://tempuri.org/"><text>hello</text></Echo>', XSD_ANYXML);
    echo 'echo: ', $client->__soapCall('Echo', [$body], ['soapaction' => 'http://tempuri.org/IEcho/Echo']), "\n";
} catch (SoapFault $e) {
    echo 'echo: FAILED ', $e->faultcode, ': ', $e->getMessage(), "\n";
    exit(1);
}
