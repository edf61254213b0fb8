"""zeep (Debian's python3-zeep) makes messages of services, and reads what became of them.

    zeep_messages.py make FOLDER     reads seeds (values), writes messages and, for stacks that take objects, the values as JSON
    zeep_messages.py judge FOLDER    reads each message and what generated Go made of it, and compares the values

FOLDER has jobs.json: a list of {case, wsdl, service, port, op, way, name}. A line "CASE NAME: what is wrong" tells each thing that is.
Facts: zeep knows no facets, so it cannot choose values that a schema allows; those that it writes it has read from a seed.
"""
import json, os, sys
from lxml import etree
from zeep import Client, Settings
from zeep.helpers import serialize_object

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
folder = sys.argv[2]
clients = {}


def message(job):
    """The message of a job as zeep sees it, and the client that it belongs to."""
    client = clients.get(job["wsdl"])
    if client is None:
        client = clients[job["wsdl"]] = Client(job["wsdl"], settings=Settings(xml_huge_tree=True))
    operation = client.wsdl.services[job["service"]].ports[job["port"]].binding.get(job["op"])
    return client, operation.input if job["way"] == "input" else operation.output


def body(root):
    """The element in the body of an envelope, None for an empty body."""
    for child in root:
        if etree.QName(child).localname == "Body":
            return next((e for e in child if isinstance(e.tag, str)), None)


def values(job, root):
    client, msg = message(job)
    element = body(root)
    if msg.body is None or element is None:
        return None
    value = msg.body.parse(element, client.wsdl.types)
    return msg.body() if value is None and element.get(XSI + "nil") is None else value  # zeep reads an empty element as nothing


def write(job, value):
    _, msg = message(job)
    space = msg.nsmap["soap-env"]
    envelope = etree.Element("{%s}Envelope" % space, nsmap={"soap-env": space})
    inside = etree.SubElement(envelope, "{%s}Body" % space)
    if msg.body is not None:
        msg.body.render(inside, value)
    return etree.tostring(envelope, encoding="utf-8", xml_declaration=True)


def plain(v):
    """Values that can be compared: elements that zeep knows no type of as canonical XML."""
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    if isinstance(v, etree._Element):
        return etree.canonicalize(etree.tostring(v, with_tail=False, encoding="unicode"), strip_text=True, rewrite_prefixes=True)
    if hasattr(v, "value") and hasattr(v, "xsd_obj"):
        return plain(v.value)
    return v


def tree(e):
    """An element as the objects that npm's soap takes: children by local name, attributes aside, all values as texts."""
    attributes = {}
    for name, value in e.attrib.items():
        q = etree.QName(name)
        attributes["xsi:" + q.localname if name.startswith(XSI) else q.localname] = value
        if name.startswith(XSI):
            attributes["xmlns:xsi"] = XSI[1:-1]  # the server declares it nowhere
        if name == XSI + "type" and ":" in value:
            prefix = value.split(":")[0]
            attributes["xmlns:" + prefix] = e.nsmap[prefix]
    out = {}
    if attributes:
        out["attributes"] = attributes
    for child in e:
        if isinstance(child.tag, str):
            out.setdefault(etree.QName(child).localname, []).append(tree(child))
    if len(out) == (1 if attributes else 0):
        if not attributes:
            return e.text or ""
        if attributes.get("xsi:nil") not in ("true", "1"):
            out["$value"] = e.text or ""
        return out
    return {k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in out.items()}


def make(job):
    where = os.path.join(folder, "samples", job["case"])
    made = write(job, values(job, etree.parse(os.path.join(folder, "seeds", job["case"], job["name"] + ".xml")).getroot()))
    with open(os.path.join(where, job["name"] + ".zeep.xml"), "wb") as f:
        f.write(made)
    element = body(etree.fromstring(made))
    with open(os.path.join(folder, "seeds", job["case"], job["name"] + ".json"), "w") as f:
        json.dump((element is not None and tree(element)) or {}, f)


def judge(job):
    for stack in ("zeep", "node"):
        name = job["name"] + "." + stack
        sample, result = (os.path.join(folder, kind, job["case"], name + ".xml") for kind in ("samples", "results"))
        if not os.path.exists(sample) or not os.path.exists(result):
            continue
        try:
            before, after = (plain(serialize_object(values(job, etree.parse(f).getroot()))) for f in (sample, result))
            if before != after:
                print("%s %s: zeep read %.300r before and %.300r after" % (job["case"], name, before, after))
            else:
                print("%s %s: same" % (job["case"], name))
        except Exception as e:
            print("%s %s: zeep does not read it: %s: %s" % (job["case"], name, type(e).__name__, str(e).replace("\n", " ")))


for job in json.load(open(os.path.join(folder, "jobs.json"))):
    if sys.argv[1] == "judge":
        judge(job)
        continue
    try:
        make(job)
    except Exception as e:
        print("%s %s.zeep: not made: %s: %s" % (job["case"], job["name"], type(e).__name__, str(e).replace("\n", " ")))
