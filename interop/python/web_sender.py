# A plain HTTP sender by Python's http.client (kept alive, by length and chunked) and urllib, byte for byte.
import http.client
import os
import ssl
import sys
import urllib.parse
import urllib.request

base = sys.argv[1]
url = urllib.parse.urlsplit(base)
context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
connection = http.client.HTTPSConnection(url.hostname, url.port, context=context, timeout=25)
done = 0


def check(response, method, body):
    global done
    back = response.read()
    cookies = response.headers.get_all("Set-Cookie")
    if response.status != 200 or back != body or response.headers["X-Method"] != method + " python" or cookies != ["a=1", "b=2"]:
        sys.exit("%s %d: %d, %d bytes, %s" % (method, len(body), response.status, len(back), response.headers))
    done += 1


for size in (1, 65535, 65536, 65537, 1 << 20):
    body = os.urandom(size)
    for chunked in (False, True):
        pieces = iter([body[: size // 2], body[size // 2:]]) if chunked and size > 1 else body
        connection.request("POST", url.path + "/echo", body=pieces, headers={"X-Test": "python"}, encode_chunked=chunked and size > 1)
        check(connection.getresponse(), "POST", body)
    request = urllib.request.Request(base + "/echo", data=body, method="PUT", headers={"X-Test": "python"})
    with urllib.request.urlopen(request, context=context, timeout=25) as response:
        check(response, "PUT", body)
print("exchanges done", done)
