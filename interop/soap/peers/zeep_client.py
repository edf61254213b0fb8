"""zeep (Debian's python3-zeep) calls the desk: a strict client that builds everything from the WSDL.

Environment: DESK_WSDL (file or address), DESK_VERSION (1.1 or 1.2). Prints "ok STEP" for each step; exit code 1 at the first that is not.
Facts: zeep reads MTOM but cannot write it; it has no server; a one-way call is to be answered with 202.
"""
import base64, datetime, decimal, os, sys
from lxml import etree
from zeep import Client
from zeep.exceptions import Fault
from zeep.wsa import WsAddressingPlugin
from zeep.wsse.username import UsernameToken
from zeep.wsse import utils

WORDS = "z\u00fcrich \u4e2d\u6587 \U0001f600 <&>\"'\t."
NS = "{urn:example:desk}"
version = os.environ["DESK_VERSION"]
port = "Soap12" if version == "1.2" else "Soap11"


def step(name, good, got=""):
    print(("ok " if good else "FAIL ") + name, "" if good else repr(got), flush=True)
    if not good:
        sys.exit(1)


def pattern(n):
    return bytes((i * 7 + 3) & 255 for i in range(n))


client = Client(os.environ["DESK_WSDL"])
desk = client.bind("DeskService", port)

step("echo words", desk.Echo(WORDS) == WORDS)
step("echo empty", desk.Echo("") in ("", None))  # zeep reads an empty element as None
step("echo nil", desk.Echo(None) is None)
step("add", desk.Add(2, -44) == -42)

order = dict(
    Id=7, When=datetime.datetime(2024, 2, 29, 13, 14, 15, 678000, datetime.timezone.utc), Day=datetime.date(2024, 2, 29), Amount=decimal.Decimal("12345.6789"),
    Price=0.1, Big=-5000000000, Paid=True, Note=None, Data=bytes([0, 1, 2, 253, 254, 255]), Tags={"Tag": ["a", "b<&>c", "\u00e9"]},
    Item=[{"Sku": "s1", "Qty": 1}, {"Sku": "s2", "Qty": 2}])
back = desk.Submit(order)
order["Id"] = 8
for field, want in order.items():
    got = back[field]
    if field == "Tags":
        got, want = got["Tag"], want["Tag"]
    if field == "Item":
        got, want = [(i["Sku"], i["Qty"]) for i in got], [(i["Sku"], i["Qty"]) for i in want]
    step("submit " + field, got == want, got)

for size in (0, 5, 2000):
    got = desk.Blob(size)
    step("blob %d" % size, (got or b"") == pattern(size), got)
    step("store %d" % size, desk.Store(pattern(size)) == sum(pattern(size)))

ticket = etree.Element(NS + "Ticket")
ticket.text = "t-7"
answer = desk.Whoami(_soapheaders=[ticket])
step("whoami", answer.body.WhoamiResult == "holder of t-7" and answer.header.receipt == "r-t-7", answer)

for kind, code in (("sender", ("Client", "Sender")), ("receiver", ("Server", "Receiver")), ("typed", ("Client", "Sender"))):
    try:
        step("fault " + kind, False, desk.Fail(kind))
    except Fault as e:
        step("fault " + kind, e.message == kind + " reason" and e.code.split(":")[-1] in code, (e.message, e.code))
        if kind == "typed":
            oops = e.detail.find(NS + "Oops")
            step("fault detail", oops.findtext(NS + "Code") == "7" and oops.findtext(NS + "Detail") == "typed detail", etree.tostring(e.detail))
try:
    step("fault sub", False, desk.Fail("sub"))
except Fault as e:
    sub = "{urn:example:codes}BadInput"
    step("fault sub", e.code.endswith(":BadInput") if version == "1.1" else [str(c) for c in e.subcodes] == [sub], (e.code, e.subcodes))

# The same service with addressing headers, then with a user name, password and timestamp.
addressed = Client(os.environ["DESK_WSDL"], plugins=[WsAddressingPlugin()]).bind("DeskService", port)
step("addressing", addressed.Add(40, 2) == 42)
now = datetime.datetime.utcnow()
stamp = utils.WSU.Timestamp()
stamp.append(utils.WSU.Created(now.strftime("%Y-%m-%dT%H:%M:%SZ")))
stamp.append(utils.WSU.Expires((now + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")))
for name, digest in (("text", False), ("digest", True)):
    token = UsernameToken("alice", "secret", use_digest=digest, timestamp_token=stamp)
    known = Client(os.environ["DESK_WSDL"], wsse=token).bind("DeskService", port)
    step("user " + name, known.Whoami(_soapheaders=[ticket]).body.WhoamiResult == "user alice")
# The last, since zeep makes an exception of every answer to it but 202.
step("notify", desk.Notify(WORDS) is None)
print("done")
