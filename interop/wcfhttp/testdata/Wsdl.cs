// Calls a service by a client that wsdl generated, at the address that it wrote into it.
using System;

class Wsdl
{
    static int Main()
    {
        var client = new EchoService();
        Console.WriteLine("ADDRESS " + client.Url);
        Console.WriteLine("ANSWER " + client.Echo("hello"));
        return 0;
    }
}
