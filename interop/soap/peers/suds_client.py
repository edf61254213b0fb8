"""suds (Debian's python3-suds) calls the desk: a lenient client, SOAP 1.1 only, that builds its objects from the WSDL.

Environment: DESK_WSDL (file or address). Prints "ok STEP" for each step; exit code 1 at the first that is not.
Facts: suds reads no MTOM and speaks no SOAP 1.2; it gives binary content as the base64 text.
"""
import base64, datetime, decimal, logging, os, sys
from suds.client import Client
from suds.sax.element import Element
from suds import WebFault, null
from suds.wsse import Security, UsernameToken, Timestamp

logging.disable(logging.ERROR)  # suds logs every fault
WORDS = "z\u00fcrich \u4e2d\u6587 \U0001f600 <&>\"'\t."
NS = ("d", "urn:example:desk")


def step(name, good, got=""):
    print(("ok " if good else "FAIL ") + name, "" if good else repr(got), flush=True)
    if not good:
        sys.exit(1)


def pattern(n):
    return bytes((i * 7 + 3) & 255 for i in range(n))


def text(b):
    return base64.b64encode(b).decode()


address = os.environ["DESK_WSDL"]
client = Client(address if "://" in address else "file://" + address, cache=None, port="Soap11" if os.environ["DESK_VERSION"] == "1.1" else "Soap12")
desk = client.service

step("echo words", desk.Echo(WORDS) == WORDS)
step("echo empty", desk.Echo("") in ("", None))
step("echo nil", desk.Echo(null()) is None)
step("add", desk.Add(2, -44) == -42)

order = client.factory.create("{urn:example:desk}Order")
order.Id, order.Price, order.Big, order.Paid, order.Note = 7, 0.1, -5000000000, True, null()
order.When = datetime.datetime(2024, 2, 29, 13, 14, 15, 678000, datetime.timezone.utc)
order.Day, order.Amount = datetime.date(2024, 2, 29), decimal.Decimal("12345.6789")
order.Data = text(bytes([0, 1, 2, 253, 254, 255]))
order.Tags = {"Tag": ["a", "b<&>c", "\u00e9"]}
order.Item = [{"Sku": "s1", "Qty": 1}, {"Sku": "s2", "Qty": 2}]
back = desk.Submit(order)
step("submit Id", back.Id == 8)
step("submit When", back.When == order.When, back.When)
for field in ("Day", "Amount", "Price", "Big", "Paid", "Data"):
    step("submit " + field, back[field] == order[field], back[field])
step("submit Note", back.Note is None, back.Note)
step("submit Tags", back.Tags.Tag == ["a", "b<&>c", "\u00e9"], back.Tags)
step("submit Item", [(i.Sku, i.Qty) for i in back.Item] == [("s1", 1), ("s2", 2)], back.Item)

for size in (0, 5, 2000):
    got = desk.Blob(size)
    step("blob %d" % size, (got or "") == text(pattern(size)), got)
    step("store %d" % size, desk.Store(text(pattern(size))) == sum(pattern(size)))

ticket = Element("Ticket", ns=NS).setText("t-7")
client.set_options(soapheaders=ticket)
step("whoami", desk.Whoami() == "holder of t-7")

for kind, code in (("sender", "Client"), ("receiver", "Server"), ("typed", "Client"), ("sub", "BadInput")):
    try:
        step("fault " + kind, False, desk.Fail(kind))
    except WebFault as e:
        step("fault " + kind, e.fault.faultstring == kind + " reason" and e.fault.faultcode.split(":")[-1] == code, e.fault)
        if kind == "typed":
            oops = e.fault.detail.Oops
            step("fault detail", int(oops.Code) == 7 and oops.Detail == "typed detail", oops)

step("notify", not desk.Notify(WORDS))

security = Security()
security.tokens += [UsernameToken("alice", "secret"), Timestamp(300)]
client.set_options(wsse=security, soapheaders=ticket)
step("user text", desk.Whoami() == "user alice")
print("done")
