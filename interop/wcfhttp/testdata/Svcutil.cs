// Calls a service by a client that svcutil generated, at the address that its metadata gives.
using System;
using System.ServiceModel;
using System.ServiceModel.Description;
using System.Xml;

class Svcutil
{
    static int Main(string[] args)
    {
        var found = new WsdlImporter(Get(args[0])).ImportAllEndpoints();
        if (found.Count != 1) {
            Console.WriteLine(found.Count + " endpoints");
            return 1;
        }
        Console.WriteLine("ADDRESS " + found[0].Address);
        Console.WriteLine("ANSWER " + new EchoClient(found[0].Binding, found[0].Address).Echo("hello"));
        return 0;
    }

    // Mono's MetadataExchangeClient always makes an exchange, whatever mode it is told.
    static MetadataSet Get(string address)
    {
        if (address.EndsWith("/mex"))
            return new MetadataExchangeClient(new Uri(address), MetadataExchangeClientMode.MetadataExchange).GetMetadata();
        var wsdl = System.Web.Services.Description.ServiceDescription.Read(XmlReader.Create(address));
        return new MetadataSet(new[] { MetadataSection.CreateFromServiceDescription(wsdl) });
    }
}
