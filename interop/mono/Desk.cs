// The desk (interop/soap/desk/desk.wsdl) as a WCF contract: a service for the clients of other stacks, and a client's story for their
// services. Orders go by XmlSerializer, since they have a list without an element around it and a date without a time; Mono looks
// for XmlSerializerFormat at each operation alone, and for an element's namespace at each field.
using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Linq;
using System.Runtime.Serialization;
using System.Security.Cryptography;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Description;
using System.ServiceModel.Dispatcher;
using System.Text;
using System.Xml;
using System.Xml.Serialization;

namespace Relay.Interop
{
    [XmlType(Namespace = DeskContract.Space)]
    public class DeskItem
    {
        [XmlElement(Namespace = DeskContract.Space)] public string Sku;
        [XmlElement(Namespace = DeskContract.Space)] public int Qty;
    }

    [XmlType(Namespace = DeskContract.Space)]
    public class DeskOrder
    {
        [XmlElement(Namespace = DeskContract.Space)] public int Id;
        [XmlElement(Namespace = DeskContract.Space)] public DateTime When;
        [XmlElement(Namespace = DeskContract.Space, DataType = "date")] public DateTime Day;
        [XmlElement(Namespace = DeskContract.Space)] public decimal Amount;
        [XmlElement(Namespace = DeskContract.Space)] public double Price;
        [XmlElement(Namespace = DeskContract.Space)] public long Big;
        [XmlElement(Namespace = DeskContract.Space)] public bool Paid;
        [XmlElement(Namespace = DeskContract.Space, IsNullable = true)] public string Note;
        [XmlElement(Namespace = DeskContract.Space)] public byte[] Data;
        [XmlArray(Namespace = DeskContract.Space), XmlArrayItem("Tag", Namespace = DeskContract.Space)] public string[] Tags;
        [XmlElement(Namespace = DeskContract.Space)] public DeskItem[] Item;

        public static DeskOrder Sample()
        {
            return new DeskOrder {
                Id = 7, When = new DateTime(2024, 2, 29, 13, 14, 15, 678, DateTimeKind.Utc), Day = new DateTime(2024, 2, 29), Amount = 12345.6789m, Price = 0.1,
                Big = -5000000000, Paid = true, Note = null, Data = new byte[] { 0, 1, 2, 253, 254, 255 }, Tags = new[] { "a", "b<&>c", "\u00e9" },
                Item = new[] { new DeskItem { Sku = "s1", Qty = 1 }, new DeskItem { Sku = "s2", Qty = 2 } } };
        }

        // Differs names the first field in which two orders differ, null if they are the same.
        public string Differs(DeskOrder o)
        {
            if (o == null) return "all";
            if (Id != o.Id) return "Id " + Id;
            if (When.ToUniversalTime() != o.When.ToUniversalTime()) return "When " + When.ToString("o");
            if (Day.Date != o.Day.Date) return "Day " + Day.ToString("o");
            if (Amount != o.Amount) return "Amount " + Amount;
            if (Price != o.Price) return "Price " + Price;
            if (Big != o.Big) return "Big " + Big;
            if (Paid != o.Paid) return "Paid";
            if (Note != o.Note) return "Note " + Note;
            if (Data == null || !Data.SequenceEqual(o.Data)) return "Data";
            if (Tags == null || !Tags.SequenceEqual(o.Tags)) return "Tags";
            if (Item == null || !Item.Select(i => i.Sku + i.Qty).SequenceEqual(o.Item.Select(i => i.Sku + i.Qty))) return "Item";
            return null;
        }
    }

    [DataContract(Name = "Oops", Namespace = DeskContract.Space)]
    public class DeskOops
    {
        [DataMember] public int Code;
        [DataMember] public string Detail;
    }

    public static class DeskContract
    {
        public const string Space = "urn:example:desk", Soap11 = "http://schemas.xmlsoap.org/soap/envelope/", Soap12 = "http://www.w3.org/2003/05/soap-envelope";
        public const string Secext = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
        public const string Utility = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
        public const string Words = "z\u00fcrich \u4e2d\u6587 \U0001F600 <&>\"'\t.";
        public const string Ticket = "t-7", User = "alice", Secret = "secret";

        // Header gives a header as a document, null if there is none of that name.
        public static XmlElement Header(MessageHeaders headers, string name, string space)
        {
            int i = headers.FindHeader(name, space);
            if (i < 0) return null;
            var doc = new XmlDocument();
            using (var r = headers.GetReaderAtHeader(i)) doc.Load(r.ReadSubtree());
            return doc.DocumentElement;
        }

        public static string Text(XmlElement e, string name, string space)
        {
            var found = e.GetElementsByTagName(name, space);
            return found.Count == 0 ? null : found[0].InnerText;
        }
    }

    [ServiceContract(Name = "Desk", Namespace = DeskContract.Space)]
    public interface IDesk
    {
        [OperationContract(Action = DeskContract.Space + "/Echo")] string Echo(string text);
        [OperationContract(Action = DeskContract.Space + "/Add")] int Add(int a, int b);
        [OperationContract(Action = DeskContract.Space + "/Submit"), XmlSerializerFormat] DeskOrder Submit(DeskOrder order);
        [OperationContract(Action = DeskContract.Space + "/Blob")] byte[] Blob(int size);
        [OperationContract(Action = DeskContract.Space + "/Store")] int Store(byte[] data);
        [OperationContract(Action = DeskContract.Space + "/Fail"), FaultContract(typeof(DeskOops), Namespace = DeskContract.Space, Name = "Oops")] string Fail(string kind);
        [OperationContract(Action = DeskContract.Space + "/Whoami")] string Whoami();
        [OperationContract(Action = DeskContract.Space + "/Notify", IsOneWay = true)] void Notify(string text);
    }

    [ServiceBehavior(InstanceContextMode = InstanceContextMode.PerCall, AddressFilterMode = AddressFilterMode.Any)]
    public class DeskService : IDesk
    {
        public string Echo(string text) { return text; }
        public int Add(int a, int b) { return a + b; }
        public byte[] Blob(int size) { return Data.Pattern(size); }
        public int Store(byte[] data) { return (data ?? new byte[0]).Sum(b => (int) b); }
        public string Fail(string kind) { throw new DeskFault(kind); }
        public void Notify(string text) { Console.Error.WriteLine(text == DeskContract.Words ? "notified" : "notified wrongly: " + text); }

        public DeskOrder Submit(DeskOrder order)
        {
            var differs = DeskOrder.Sample().Differs(order);
            if (differs != null) throw new DeskFault("not the order: " + differs + ",");
            order.Id++;
            return order;
        }

        // Mono's WCF has no user names in messages: the header is read by hand.
        public string Whoami()
        {
            var context = OperationContext.Current;
            var ticket = DeskContract.Header(context.IncomingMessageHeaders, "Ticket", DeskContract.Space);
            if (ticket == null || ticket.InnerText != DeskContract.Ticket) throw new DeskFault("no ticket");
            context.OutgoingMessageHeaders.Add(MessageHeader.CreateHeader("Receipt", DeskContract.Space, "r-" + DeskContract.Ticket));
            var security = DeskContract.Header(context.IncomingMessageHeaders, "Security", DeskContract.Secext);
            if (security == null) return "holder of " + DeskContract.Ticket;
            string user = DeskContract.Text(security, "Username", DeskContract.Secext), password = DeskContract.Text(security, "Password", DeskContract.Secext);
            if (user != DeskContract.User || password != DeskContract.Secret && password != Digest(security)) throw new DeskFault("no user");
            return "user " + user;
        }

        static string Digest(XmlElement security)
        {
            string nonce = DeskContract.Text(security, "Nonce", DeskContract.Secext), created = DeskContract.Text((XmlElement) security.GetElementsByTagName("UsernameToken", DeskContract.Secext)[0], "Created", DeskContract.Utility);
            if (nonce == null || created == null) return null;
            var bytes = Convert.FromBase64String(nonce).Concat(Encoding.UTF8.GetBytes(created + DeskContract.Secret)).ToArray();
            using (var sha = SHA1.Create()) return Convert.ToBase64String(sha.ComputeHash(bytes));
        }
    }

    class DeskFault : Exception { public DeskFault(string kind) : base(kind) { } }

    // DeskFaults writes the service's faults as the contract has them. What Mono makes of a FaultException has a code without a prefix at
    // best, and a header in SOAP 1.1 that gSOAP must understand and does not.
    class DeskFaults : IServiceBehavior, IErrorHandler
    {
        public void AddBindingParameters(ServiceDescription d, ServiceHostBase h, Collection<ServiceEndpoint> e, BindingParameterCollection p) { }
        public void Validate(ServiceDescription d, ServiceHostBase h) { }
        public void ApplyDispatchBehavior(ServiceDescription d, ServiceHostBase h)
        {
            foreach (ChannelDispatcher c in h.ChannelDispatchers) c.ErrorHandlers.Add(this);
        }

        public bool HandleError(Exception e) { return true; }

        public void ProvideFault(Exception e, MessageVersion version, ref Message answer)
        {
            var kind = e is DeskFault ? e.Message : "receiver";
            var reason = new FaultReason(new FaultReasonText(kind + " reason", "en"));
            var code = Code(kind, version.Envelope == EnvelopeVersion.Soap11);
            var fault = kind == "typed" ? MessageFault.CreateFault(code, reason, new DeskOops { Code = 7, Detail = "typed detail" }) : MessageFault.CreateFault(code, reason);
            answer = Message.CreateMessage(version, fault, null);
            answer.Headers.Clear();
        }

        static FaultCode Code(string kind, bool v11)
        {
            var sub = kind == "sub" ? new FaultCode("BadInput", "urn:example:codes") : null;
            if (v11) return sub ?? new FaultCode(kind == "receiver" ? "Server" : "Client", DeskContract.Soap11);
            return new FaultCode(kind == "receiver" ? "Receiver" : "Sender", DeskContract.Soap12, sub);
        }
    }

    // DeskReceipt keeps the header that came with the last answer: Mono's client shows the headers of an answer to nobody else.
    class DeskReceipt : IEndpointBehavior, IClientMessageInspector
    {
        public static string Last;

        public void AddBindingParameters(ServiceEndpoint e, BindingParameterCollection p) { }
        public void ApplyDispatchBehavior(ServiceEndpoint e, EndpointDispatcher d) { }
        public void Validate(ServiceEndpoint e) { }
        public void ApplyClientBehavior(ServiceEndpoint e, ClientRuntime r) { r.MessageInspectors.Add(this); }
        public object BeforeSendRequest(ref Message m, IClientChannel c) { return null; }
        public void AfterReceiveReply(ref Message m, object state)
        {
            var receipt = m == null ? null : DeskContract.Header(m.Headers, "Receipt", DeskContract.Space);
            Last = receipt == null ? null : receipt.InnerText;
        }
    }

    // DeskStory is what a client does at a desk: each step gives "right", or throws what was wrong.
    static class DeskStory
    {
        public static readonly Dictionary<string, Func<object, string>> Steps = new Dictionary<string, Func<object, string>> {
            { "desk-words", c => Same(((IDesk) c).Echo(DeskContract.Words), DeskContract.Words) },
            { "desk-empty", c => Same(((IDesk) c).Echo(""), "") },
            { "desk-nil", c => Same(((IDesk) c).Echo(null), null) },
            { "desk-add", c => Same(((IDesk) c).Add(2, -44), -42) },
            { "desk-submit", c => { var want = DeskOrder.Sample(); want.Id++; return Same(want.Differs(((IDesk) c).Submit(DeskOrder.Sample())), null); } },
            { "desk-blob", c => { foreach (var n in new[] { 0, 5, 2000 }) Same(Convert.ToBase64String(((IDesk) c).Blob(n) ?? new byte[0]), Convert.ToBase64String(Data.Pattern(n))); return "right"; } },
            { "desk-store", c => { foreach (var n in new[] { 0, 5, 2000 }) Same(((IDesk) c).Store(Data.Pattern(n)), Data.Pattern(n).Sum(b => (int) b)); return "right"; } },
            { "desk-whoami", Whoami },
            { "desk-sender", c => Fault((IDesk) c, "sender", "Client", "Sender") },
            { "desk-receiver", c => Fault((IDesk) c, "receiver", "Server", "Receiver") },
            { "desk-typed", c => Fault((IDesk) c, "typed", "Client", "Sender") },
            { "desk-notify", c => { ((IDesk) c).Notify(DeskContract.Words); return "right"; } },
        };

        static string Same(object got, object want)
        {
            if (!Equals(got, want)) throw new Exception("got " + (got ?? "(null)") + ", want " + (want ?? "(null)"));
            return "right";
        }

        static string Whoami(object c)
        {
            using (new OperationContextScope((IContextChannel) c)) {
                OperationContext.Current.OutgoingMessageHeaders.Add(MessageHeader.CreateHeader("Ticket", DeskContract.Space, DeskContract.Ticket));
                DeskReceipt.Last = null;
                Same(((IDesk) c).Whoami(), "holder of " + DeskContract.Ticket);
                return Same(DeskReceipt.Last, "r-" + DeskContract.Ticket);
            }
        }

        static string Fault(IDesk c, string kind, string code11, string code12)
        {
            try { throw new Exception("no fault: " + c.Fail(kind)); }
            catch (FaultException e) {
                Same(e.Code.Name == code11 ? code12 : e.Code.Name, code12);
                Same(e.Reason.ToString(), kind + " reason");
                if (kind != "typed") return "right";
                var typed = e as FaultException<DeskOops>;
                return Same(typed == null ? "no detail" : typed.Detail.Code + " " + typed.Detail.Detail, "7 typed detail");
            }
        }
    }
}
