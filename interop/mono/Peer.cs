// A WCF peer that plays either side of every story.
//   mono peer.exe list
//   mono peer.exe serve  BINDING CONTRACT ADDRESS [LISTEN-URI]   (prints READY, stops at end of stdin)
//   mono peer.exe call   BINDING CONTRACT ADDRESS STEP[,STEP...] (prints one line a step; exit 1 when a step fails; STEP!EXCEPTION
//                         fails when it raises another exception or none)
//   mono peer.exe host   (takes lines of stdin until its end, so that one process does for many stories:
//                         N serve BINDING CONTRACT ADDRESS [LISTEN-URI]   prints "N READY" or "N SERVE-FAILED why"
//                         N call BINDING CONTRACT ADDRESS STEP[,STEP...]  prints "N step: result" lines, then "N DONE exit-code")
// ADDRESS is the logical endpoint address (what clients put in To and Via);
// LISTEN-URI is where the service really listens, when that differs (recorder or relay in between).
using System;
using System.Globalization;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Description;
using System.ServiceModel.Security;
using System.ServiceModel.Web;
using System.Text;
using System.Threading;
using System.Xml;

namespace Relay.Interop
{
    static class Bindings
    {
        static Binding Http(MessageVersion v) { return new CustomBinding(new TextMessageEncodingBindingElement(v, Encoding.UTF8), new HttpTransportBindingElement()); }

        public static readonly Dictionary<string, Func<Binding>> All = new Dictionary<string, Func<Binding>> {
            { "basic", () => new BasicHttpBinding() },
            { "basic-utf16", () => new BasicHttpBinding { TextEncoding = Encoding.Unicode } },
            { "basic-mtom", () => new BasicHttpBinding { MessageEncoding = WSMessageEncoding.Mtom } },
            { "basic-streamed", () => new BasicHttpBinding { TransferMode = TransferMode.Streamed, MaxReceivedMessageSize = 1 << 24 } },
            { "basic-auth", () => { var b = new BasicHttpBinding(BasicHttpSecurityMode.TransportCredentialOnly); b.Security.Transport.ClientCredentialType = HttpClientCredentialType.Basic; return b; } },
            { "soap12", () => Http(MessageVersion.Soap12) },
            { "soap12-nobom", () => new CustomBinding(new TextMessageEncodingBindingElement(MessageVersion.Soap12, new UTF8Encoding(false)), new HttpTransportBindingElement()) },
            { "soap11-wsa10", () => Http(MessageVersion.Soap11WSAddressing10) },
            { "soap12-wsa10", () => Http(MessageVersion.Soap12WSAddressing10) },
            { "soap11-wsa04", () => Http(MessageVersion.Soap11WSAddressingAugust2004) },
            { "soap12-wsa04", () => Http(MessageVersion.Soap12WSAddressingAugust2004) },
            { "http-binary", () => new CustomBinding(new BinaryMessageEncodingBindingElement(), new HttpTransportBindingElement()) },
            { "http-mtom12", () => new CustomBinding(new MtomMessageEncodingBindingElement(MessageVersion.Soap12WSAddressing10, Encoding.UTF8), new HttpTransportBindingElement()) },
            { "ws", () => new WSHttpBinding(SecurityMode.None) },
            { "ws2007", () => new WS2007HttpBinding(SecurityMode.None) },
            { "ws-rm", () => new WSHttpBinding(SecurityMode.None, true) },
            { "ws-message", () => new WSHttpBinding(SecurityMode.Message) },
            { "ws-dual", () => new WSDualHttpBinding(WSDualHttpSecurityMode.None) },
            { "http-usertoken", () => { var s = SecurityBindingElement.CreateUserNameOverTransportBindingElement(); return new CustomBinding(s, new TextMessageEncodingBindingElement(MessageVersion.Soap12WSAddressing10, Encoding.UTF8), new HttpsTransportBindingElement()); } },
            { "basic-usertoken", () => { var b = new BasicHttpBinding(BasicHttpSecurityMode.TransportWithMessageCredential); b.Security.Message.ClientCredentialType = BasicHttpMessageCredentialType.UserName; return b; } },
            { "basic-https", () => new BasicHttpBinding(BasicHttpSecurityMode.Transport) },
            { "ws-usertoken", () => { var b = new WSHttpBinding(SecurityMode.TransportWithMessageCredential); b.Security.Message.ClientCredentialType = MessageCredentialType.UserName; b.Security.Message.EstablishSecurityContext = false; return b; } },
            { "tcp", () => new NetTcpBinding(SecurityMode.None) },
            { "tcp-streamed", () => new NetTcpBinding(SecurityMode.None) { TransferMode = TransferMode.Streamed, MaxReceivedMessageSize = 1 << 24 } },
            { "tcp-streamreq", () => new NetTcpBinding(SecurityMode.None) { TransferMode = TransferMode.StreamedRequest, MaxReceivedMessageSize = 1 << 24 } },
            { "tcp-streamresp", () => new NetTcpBinding(SecurityMode.None) { TransferMode = TransferMode.StreamedResponse, MaxReceivedMessageSize = 1 << 24 } },
            { "tcp-ssl", () => { var b = new NetTcpBinding(SecurityMode.Transport); b.Security.Transport.ClientCredentialType = TcpClientCredentialType.None; return b; } },
            { "tcp-sslcert", () => { var b = new NetTcpBinding(SecurityMode.Transport); b.Security.Transport.ClientCredentialType = TcpClientCredentialType.Certificate; return b; } },
            { "tcp-ssl-element", () => new CustomBinding(new BinaryMessageEncodingBindingElement(), new SslStreamSecurityBindingElement(), new TcpTransportBindingElement()) },
            { "tcp-windows", () => new NetTcpBinding(SecurityMode.Transport) },
            { "tcp-rm", () => new NetTcpBinding(SecurityMode.None, true) },
            { "tcp-text", () => new CustomBinding(new TextMessageEncodingBindingElement(MessageVersion.Soap12WSAddressing10, Encoding.UTF8), new TcpTransportBindingElement()) },
            { "tcp-text11", () => new CustomBinding(new TextMessageEncodingBindingElement(MessageVersion.Soap11, Encoding.UTF8), new TcpTransportBindingElement()) },
            { "tcp-mtom", () => new CustomBinding(new MtomMessageEncodingBindingElement(MessageVersion.Soap12WSAddressing10, Encoding.UTF8), new TcpTransportBindingElement()) },
            { "tcp-soap11bin", () => new CustomBinding(new BinaryMessageEncodingBindingElement { MaxSessionSize = 0 }, new TcpTransportBindingElement()) },
            { "pipe", () => new NetNamedPipeBinding(NetNamedPipeSecurityMode.None) },
            { "web", () => new WebHttpBinding() },
        };

        public static Binding Get(string name)
        {
            var b = All[name]();
            b.OpenTimeout = b.CloseTimeout = b.SendTimeout = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("PEER_TIMEOUT") ?? "8"));
            b.ReceiveTimeout = TimeSpan.FromSeconds(30);
            return b;
        }
    }

    class Events : IEvents
    {
        public readonly AutoResetEvent Got = new AutoResetEvent(false);
        public string Last;
        public readonly List<string> All = new List<string>();
        public void OnEvent(string text) { lock (All) All.Add(text); Last = text; Got.Set(); }
        public int Count { get { lock (All) return All.Count; } }
        public int Ask(int x) { return x * 2; }
    }

    class AnyUser : System.IdentityModel.Selectors.UserNamePasswordValidator
    {
        public override void Validate(string u, string p) { if (p != "secret") throw new System.IdentityModel.Tokens.SecurityTokenException("bad password"); }
    }

    static class Peer
    {
        static readonly Dictionary<string, Tuple<Type, Type>> Contracts = new Dictionary<string, Tuple<Type, Type>> {
            { "echo", Tuple.Create(typeof(IEcho), typeof(EchoService)) },
            { "stream", Tuple.Create(typeof(IStreamer), typeof(StreamService)) },
            { "duplex", Tuple.Create(typeof(IDuplex), typeof(DuplexService)) },
            { "counter", Tuple.Create(typeof(ICounter), typeof(CounterService)) },
            { "untyped", Tuple.Create(typeof(IUntyped), typeof(UntypedService)) },
            { "rest", Tuple.Create(typeof(IRest), typeof(RestService)) },
            { "desk", Tuple.Create(typeof(IDesk), typeof(DeskService)) },
        };

        static string CertPath { get { return Environment.GetEnvironmentVariable("PEER_P12"); } }

        [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "_exit")] static extern void ExitNow(int code);

        static int Main(string[] a)
        {
            ServicePointManager.ServerCertificateValidationCallback = (o, c, ch, e) => true;
            ServicePointManager.Expect100Continue = Environment.GetEnvironmentVariable("PEER_EXPECT") == "1";
            if (a.Length < 1) { Console.Error.WriteLine("usage: see the head of Peer.cs"); return 2; }
            switch (a[0]) {
            case "list":
                Console.WriteLine("bindings: " + string.Join(" ", Bindings.All.Keys.ToArray()));
                Console.WriteLine("contracts: " + string.Join(" ", Contracts.Keys.ToArray()));
                Console.WriteLine("steps: " + string.Join(" ", Steps.Keys.Concat(DeskStory.Steps.Keys).ToArray()));
                return 0;
            case "serve": return Serve(a[1], a[2], a[3], a.Length > 4 ? a[4] : a[3]);
            case "call":
                int rc = Call("", a[1], a[2], a[3], a[4]);
                Console.Out.Flush();
                ExitNow(rc); // Mono's own end waits for threads of HTTP connections, now and then for ever
                return rc;
            case "host": return Host();
            }
            return 2;
        }

        static int Host()
        {
            ThreadPool.SetMinThreads(64, 64); // each service keeps threads waiting; new ones come only every half second
            var open = new List<ServiceHost>();
            Console.WriteLine("HOST");
            for (string line; (line = Console.In.ReadLine()) != null; ) {
                var a = line.Split(' ');
                var n = a[0] + " ";
                if (a[1] == "call") {
                    int rc = Call(n, a[2], a[3], a[4], a[5]);
                    Console.WriteLine(n + "DONE " + rc);
                } else if (a[1] == "time") {
                    Console.WriteLine(n + "TIMED " + Time(a[2], a[3], int.Parse(a[4]), int.Parse(a[5])));
                } else {
                    try {
                        open.Add(Open(a[2], a[3], a[4], a.Length > 5 ? a[5] : a[4]));
                        Console.WriteLine(n + "READY");
                    } catch (Exception e) {
                        Console.WriteLine(n + "SERVE-FAILED " + Line(e));
                    }
                }
                Console.Out.Flush();
            }
            foreach (var host in open) host.Abort();
            return 0;
        }

        static readonly Dictionary<string, List<IEcho>> Timed = new Dictionary<string, List<IEcho>>();

        // Time makes calls on channels of their own at the same time and tells how long one took, and how many there were a second.
        static string Time(string binding, string address, int clients, int calls)
        {
            // Channels are kept: Mono's service often leaves the session behind a closed one without an answer.
            List<IEcho> channels;
            if (!Timed.TryGetValue(address, out channels)) Timed[address] = channels = new List<IEcho>();
            while (channels.Count < clients) { channels.Add((IEcho) Open(binding, "echo", address, false)); channels.Last().Add(1, 1); }
            var took = new double[clients * calls];
            var watch = System.Diagnostics.Stopwatch.StartNew();
            var threads = new Thread[clients];
            for (int i = 0; i < clients; i++) {
                int me = i;
                threads[i] = new Thread(() => {
                    for (int n = 0; n < calls; n++) {
                        var from = watch.Elapsed;
                        channels[me].Add(n, me);
                        took[me * calls + n] = (watch.Elapsed - from).TotalMilliseconds * 1000;
                    }
                });
                threads[i].Start();
            }
            foreach (var t in threads) t.Join();
            var all = watch.Elapsed.TotalSeconds;
            Array.Sort(took);
            var f = CultureInfo.InvariantCulture;
            return string.Format(f, "{0:0} {1:0} {2:0}", took[took.Length / 2], took[took.Length * 99 / 100], took.Length / all);
        }

        static int Serve(string binding, string contract, string address, string listen)
        {
            ServiceHost host;
            try {
                host = Open(binding, contract, address, listen);
            } catch (Exception e) {
                Console.WriteLine("SERVE-FAILED " + Line(e));
                return 1;
            }
            Console.WriteLine("READY");
            Console.Out.Flush();
            while (Console.In.ReadLine() != null) { }
            try { host.Close(TimeSpan.FromSeconds(2)); } catch { host.Abort(); }
            return 0;
        }

        static ServiceHost Open(string binding, string contract, string address, string listen)
        {
            var c = Contracts[contract];
            bool web = binding == "web";
            var host = web ? new WebServiceHost(c.Item2) : new ServiceHost(c.Item2);
            var ep = host.AddServiceEndpoint(c.Item1, Bindings.Get(binding), address, new Uri(listen));
            if (web) ep.Behaviors.Add(new WebHttpBehavior());
            host.Description.Behaviors.Add(new ServiceThrottlingBehavior { MaxConcurrentSessions = 200, MaxConcurrentCalls = 200, MaxConcurrentInstances = 200 });
            if (Environment.GetEnvironmentVariable("PEER_META") == "1") {
                host.Description.Behaviors.Add(new ServiceMetadataBehavior { HttpGetEnabled = true, HttpGetUrl = new Uri(listen + "/meta") });
                host.AddServiceEndpoint(typeof(IMetadataExchange), MetadataExchangeBindings.CreateMexHttpBinding(), address + "/mex", new Uri(listen + "/mex"));
            }
            if (CertPath != null && (binding.Contains("ssl") || binding.Contains("usertoken")))
                host.Credentials.ServiceCertificate.Certificate = new X509Certificate2(CertPath, "p");
            if (binding.Contains("sslcert"))
                host.Credentials.ClientCertificate.Authentication.CertificateValidationMode = X509CertificateValidationMode.None;
            if (binding.Contains("usertoken") || binding == "basic-auth") {
                host.Credentials.UserNameAuthentication.UserNamePasswordValidationMode = UserNamePasswordValidationMode.Custom;
                host.Credentials.UserNameAuthentication.CustomUserNamePasswordValidator = new AnyUser();
            }
            if (contract == "desk") host.Description.Behaviors.Add(new DeskFaults());
            host.Open();
            return host;
        }

        static string Line(Exception e)
        {
            var s = new StringBuilder();
            for (int i = 0; e != null && i < 4; i++, e = e.InnerException)
                s.Append(i > 0 ? " <- " : "").Append(e.GetType().Name).Append(": ").Append(e.Message.Replace('\n', ' '));
            if (Environment.GetEnvironmentVariable("PEER_TRACE") == "1" && e != null) s.Append(e.StackTrace);
            return s.ToString();
        }

        // A step gets a channel and returns what it printed.
        static readonly Dictionary<string, Func<object, string>> Steps = new Dictionary<string, Func<object, string>> {
            { "echo", c => ((IEcho) c).Echo("hello") },
            { "echo-unicode", c => ((IEcho) c).Echo("z\u00fcrich \u4e2d\u6587 \U0001F600 <&>\"'\t.") },
            { "echo-empty", c => "[" + ((IEcho) c).Echo("") + "]" },
            { "echo-null", c => ((IEcho) c).Echo(null) ?? "(null)" },
            { "echo-300", c => ((IEcho) c).Echo(new string('x', 300)).Length.ToString() },
            { "echo-7000", c => ((IEcho) c).Echo(new string('y', 7000)).Length.ToString() },
            { "add", c => ((IEcho) c).Add(2, 40).ToString() },
            { "ping", c => { ((IEcho) c).Ping(); return "ok"; } },
            { "notify", c => { ((IEcho) c).Notify("fire and forget"); return "sent"; } },
            { "notify-next", c => { ((IEcho) c).Notify("message " + Interlocked.Increment(ref Notified)); return "sent"; } },
            { "blob", c => ((IEcho) c).Blob(5).Length.ToString() },
            { "blob-2000", c => ((IEcho) c).Blob(2000).SequenceEqual(Data.Pattern(2000)).ToString() },
            { "submit", c => { var o = ((IEcho) c).Submit(Order.Sample()); return Show(o) == Show(Order.Sample()) ? "equal" : "differs " + Show(o); } },
            { "fault-plain", c => Fault(() => ((IEcho) c).Fail("plain")) },
            { "fault-code", c => Fault(() => ((IEcho) c).Fail("code")) },
            { "fault-sender", c => Fault(() => ((IEcho) c).Fail("sender")) },
            { "fault-typed", c => Fault(() => ((IEcho) c).Fail("typed")) },
            { "fault-crash", c => Fault(() => ((IEcho) c).Fail("crash")) },
            { "missing", c => Fault(() => ((IEchoPlus) c).Missing("x")) },
            { "wait", c => { Thread.Sleep(400); return "waited"; } },
            { "down", c => Sum(((IStreamer) c).Download(10000)) },
            { "up", c => ((IStreamer) c).Upload(new MemoryStream(Data.Pattern(10000))).ToString() },
            { "turn", c => Sum(((IStreamer) c).Turn(new MemoryStream(Data.Pattern(3000)))) },
            { "subscribe", c => { ((IDuplex) c).Subscribe("news"); return Evt.Got.WaitOne(3000) ? Evt.Last : "no event"; } },
            { "query", c => ((IDuplex) c).Query(20).ToString() },
            { "publish", c => Published(((IDuplex) c).Publish(5)) },
            { "begin", c => { ((ICounter) c).Begin(10); return "ok"; } },
            { "next", c => ((ICounter) c).Next().ToString() },
            { "end", c => ((ICounter) c).End().ToString() },
            { "sessions", c => Sessions((ICounter) c) },
            { "sleep", c => ((IEcho) c).Sleep(1500).ToString() },
            { "untyped", c => Untyped((IUntyped) c) },
            { "hello", c => ((IRest) c).HelloXml("w\u00f6rld", 3) },
            { "getnote", c => Show(((IRest) c).GetNote("5")) },
            { "postnote", c => Show(((IRest) c).PostNote(new Note { Id = 1, Text = "t", When = new DateTime(2024, 2, 29, 13, 14, 15, DateTimeKind.Utc), Tags = new[] { "k" } })) },
            { "putnote", c => Show(((IRest) c).PutNote("9", new Note { Id = 1, Text = "t" })) },
            { "delnote", c => { ((IRest) c).DeleteNote("9"); return "ok"; } },
            { "sum", c => ((IRest) c).Sum(3, 4).ToString() },
            { "raw", c => new StreamReader(((IRest) c).Raw()).ReadToEnd() },
            { "boom", c => Fault(() => ((IRest) c).Boom()) },
        };

        static Events Evt;
        static Func<object> Another; // opens one more channel of the call that runs

        static string Published(int count)
        {
            while (Evt.Count < count) if (!Evt.Got.WaitOne(3000)) return "only " + Evt.Count + " events";
            lock (Evt.All) return string.Join(",", Evt.All.ToArray());
        }

        // Sessions has four sessions at the same time, whose calls come in turn, and gives where each has counted to. Each channel is used as
        // soon as it is made: it connects when it is made, and Mono's service takes no other before that one's preamble.
        static string Sessions(ICounter first)
        {
            var all = new List<ICounter>();
            for (int i = 0; i < 4; i++) {
                all.Add(i == 0 ? first : (ICounter) Another());
                all[i].Begin(100 * i);
            }
            for (int n = 1; n <= 3; n++)
                for (int i = 0; i < all.Count; i++) {
                    int got = all[i].Next();
                    if (got != 100 * i + n) return "session " + i + " counts " + got;
                }
            var ends = all.Select(c => c.End().ToString()).ToArray(); // none is closed before all have begun: Mono loses who comes meanwhile
            foreach (IClientChannel c in all.Skip(1)) try { c.Close(TimeSpan.FromSeconds(3)); } catch { c.Abort(); }
            return string.Join(",", ends);
        }

        static int Notified; // messages of notify-next, which have a number each

        static string Sum(Stream s)
        {
            var ms = new MemoryStream(); s.CopyTo(ms); s.Close();
            long t = 0; foreach (var b in ms.ToArray()) t += b;
            return ms.Length + " bytes, sum " + t;
        }

        static string Untyped(IUntyped c)
        {
            var v = ((IClientChannel) c).GetProperty<MessageVersion>() ?? MessageVersion.Soap12WSAddressing10;
            var m = Message.CreateMessage(v, "urn:untyped:action", XmlReader.Create(new StringReader("<u:thing xmlns:u='urn:u' u:a='1'>text<u:child/></u:thing>")));
            var r = c.Process(m);
            return r.GetReaderAtBodyContents().ReadOuterXml();
        }

        static string Fault(Func<string> f)
        {
            try { return "NO FAULT: " + f(); }
            catch (FaultException<Oops> e) { return "typed " + e.Detail.Code + "/" + e.Detail.Detail + " | " + Describe(e); }
            catch (FaultException e) { return "fault " + Describe(e); }
        }

        static string Describe(FaultException e)
        {
            var code = e.Code.Name + (e.Code.SubCode != null ? "/" + e.Code.SubCode.Name + "{" + e.Code.SubCode.Namespace + "}" : "");
            return e.GetType().Name + " code=" + code + " reason=" + e.Reason + " action=" + e.Action;
        }

        static string Show(object o)
        {
            var s = new System.Runtime.Serialization.DataContractSerializer(o.GetType());
            var w = new StringWriter();
            using (var x = XmlWriter.Create(w, new XmlWriterSettings { OmitXmlDeclaration = true })) s.WriteObject(x, o);
            return w.ToString();
        }

        static object Open(string binding, string contract, string address, bool plus)
        {
            var b = Bindings.Get(binding);
            var to = new EndpointAddress(new Uri(address), EndpointIdentity.CreateDnsIdentity("localhost"));
            if (!binding.Contains("ssl")) to = new EndpointAddress(address);
            ChannelFactory f;
            switch (plus ? "plus" : contract) {
            case "echo": f = new ChannelFactory<IEcho>(b, to); break;
            case "plus": f = new ChannelFactory<IEchoPlus>(b, to); break;
            case "stream": f = new ChannelFactory<IStreamer>(b, to); break;
            case "counter": f = new ChannelFactory<ICounter>(b, to); break;
            case "untyped": f = new ChannelFactory<IUntyped>(b, to); break;
            case "desk": f = new ChannelFactory<IDesk>(b, to); break;
            case "rest": f = new WebChannelFactory<IRest>(b, new Uri(address)); break;
            case "duplex": f = new DuplexChannelFactory<IDuplex>(new InstanceContext(Evt = new Events()), b, to); break;
            default: throw new ArgumentException(contract);
            }
            if (contract == "desk") f.Endpoint.Behaviors.Add(new DeskReceipt());
            if (binding.Contains("usertoken") || binding == "basic-auth") {
                f.Credentials.UserName.UserName = "alice";
                f.Credentials.UserName.Password = "secret";
            }
            if (binding.Contains("ssl") || binding.Contains("usertoken"))
                f.Credentials.ServiceCertificate.Authentication.CertificateValidationMode = X509CertificateValidationMode.None;
            if (binding.Contains("sslcert"))
                f.Credentials.ClientCertificate.Certificate = new X509Certificate2(CertPath, "p");
            return f.GetType().GetMethod("CreateChannel", Type.EmptyTypes).Invoke(f, null);
        }

        static int Call(string n, string binding, string contract, string address, string steps)
        {
            object ch = null;
            Another = () => Open(binding, contract, address, false);
            bool plus = false;
            int rc = 0;
            foreach (var part in steps.Split(',')) {
                string step = part.Split('!')[0], want = part.Contains('!') ? part.Split('!')[1] : null;
                try {
                    if (ch == null || plus != (step == "missing")) ch = Open(binding, contract, address, plus = step == "missing");
                    var got = (Steps.ContainsKey(step) ? Steps : DeskStory.Steps)[step](ch);
                    if (want != null) rc = 1;
                    Console.WriteLine(n + step + ": " + (want != null ? "RAISED NOTHING " : "") + got);
                } catch (Exception thrown) {
                    var e = thrown is System.Reflection.TargetInvocationException ? thrown.InnerException : thrown;
                    bool wanted = e.GetType().Name == want;
                    if (!wanted) rc = 1;
                    Console.WriteLine(n + step + ": " + (wanted ? "RAISED " : "FAILED ") + Line(e));
                    if (Environment.GetEnvironmentVariable("PEER_TRACE") == "1") Console.WriteLine(thrown);
                    ch = null;
                }
            }
            try { if (ch != null) { ((IClientChannel) ch).Close(TimeSpan.FromSeconds(3)); Console.WriteLine(n + "close: ok"); } }
            catch (Exception e) { Console.WriteLine(n + "close: FAILED " + Line(e)); ((IClientChannel) ch).Abort(); }
            return rc;
        }
    }
}
