"""spyne (Debian's python3-spyne) is the desk: a Python server that takes its contract from classes and not from the WSDL.

Environment: DESK_PORT, DESK_VERSION (1.1 or 1.2). Prints READY.
Facts: the operation goes by the element in the body, never by the action; a call without a result is answered with an empty element
and 200; every fault has status 500. It reads MIME with attachments and no XOP, and has no client for HTTP that reads a WSDL.
"""
import datetime, decimal, logging, os, sys
from spyne import Application, Boolean, ByteArray, ComplexModel, Date, DateTime, Decimal, Double, Fault, Integer, Integer64, Service, Unicode, rpc
from spyne.model.complex import Array
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication
from wsgiref.simple_server import WSGIRequestHandler, make_server

logging.disable(logging.ERROR)  # spyne logs every fault
NS = "urn:example:desk"
WORDS = "z\u00fcrich \u4e2d\u6587 \U0001f600 <&>\"'\t."


class Item(ComplexModel):
    __namespace__ = NS
    _type_info = [("Sku", Unicode), ("Qty", Integer)]


class Order(ComplexModel):
    __namespace__ = NS
    _type_info = [
        ("Id", Integer), ("When", DateTime), ("Day", Date), ("Amount", Decimal), ("Price", Double), ("Big", Integer64), ("Paid", Boolean),
        ("Note", Unicode(nillable=True, min_occurs=1)), ("Data", ByteArray), ("Tags", Array(Unicode, member_name="Tag", type_name="Tags", namespace=NS)),
        ("Item", Item.customize(max_occurs="unbounded")),
    ]


class Ticket(Unicode):
    __namespace__ = NS
    __type_name__ = "Ticket"


class Receipt(Unicode):
    __namespace__ = NS
    __type_name__ = "Receipt"


def wrong(order):
    """The first field that is not as it should be, None if all are."""
    want = dict(
        Id=7, When=datetime.datetime(2024, 2, 29, 13, 14, 15, 678000, datetime.timezone.utc), Day=datetime.date(2024, 2, 29),
        Amount=decimal.Decimal("12345.6789"), Price=0.1, Big=-5000000000, Paid=True, Note=None, Tags=["a", "b<&>c", "\u00e9"])
    for name, value in want.items():
        if getattr(order, name) != value:
            return "%s %r" % (name, getattr(order, name))
    if b"".join(order.Data) != bytes([0, 1, 2, 253, 254, 255]):
        return "Data"
    return None if [(i.Sku, i.Qty) for i in order.Item] == [("s1", 1), ("s2", 2)] else "Item"


class Desk(Service):
    @rpc(Unicode(nillable=True, min_occurs=1), _args=["text"], _returns=Unicode(nillable=True, min_occurs=1))
    def Echo(ctx, text):
        return text

    @rpc(Integer, Integer, _returns=Integer)
    def Add(ctx, a, b):
        return a + b

    @rpc(Order, _returns=Order)
    def Submit(ctx, order):
        bad = wrong(order)
        if bad:
            raise Fault("Client", "not the order: " + bad)
        order.Id += 1
        return order

    @rpc(Integer, _returns=ByteArray)
    def Blob(ctx, size):
        return [bytes((i * 7 + 3) & 255 for i in range(size))]

    @rpc(ByteArray, _returns=Integer)
    def Store(ctx, data):
        return sum(b"".join(data or []))

    @rpc(Unicode, _returns=Unicode)
    def Fail(ctx, kind):
        detail = None
        if kind == "typed":
            detail = {"{%s}Oops" % NS: {"{%s}Code" % NS: "7", "{%s}Detail" % NS: "typed detail"}}
        raise Fault("Server" if kind == "receiver" else "Client", kind + " reason", detail=detail)

    @rpc(_returns=Unicode, _in_header=(Ticket,), _out_header=(Receipt,))
    def Whoami(ctx):
        ctx.out_header = "r-t-7"
        return "holder of t-7" if ctx.in_header == "t-7" else "nobody"

    @rpc(Unicode)
    def Notify(ctx, text):
        print("notified" if text == WORDS else "notified wrongly", flush=True)


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


soap = Soap12 if os.environ["DESK_VERSION"] == "1.2" else Soap11
desk = WsgiApplication(Application([Desk], tns=NS, name="Desk", in_protocol=soap(), out_protocol=soap()))
server = make_server("127.0.0.1", int(os.environ["DESK_PORT"]), desk, handler_class=Quiet)
print("READY", flush=True)
server.serve_forever()
