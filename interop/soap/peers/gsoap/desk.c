/*
gSOAP (Debian's gsoap and libgsoap-dev), client and server of the desk in C on what wsdl2h and soapcpp2 make of the WSDL.

  gsoap client            environment: DESK_URL (the service), DESK_VERSION (1.1 or 1.2), DESK_MTOM (any value)
  gsoap serve             environment: DESK_PORT; prints READY, ends when it is killed

The client prints "ok STEP" for each step; exit code 1 at the first that is not.
Facts: the server answers in the version of the request and in MTOM when asked in MTOM; a byte array becomes a part when it has an
id, whatever its size; times have microseconds (custom/struct_timeval.h).
*/
#include "soapH.h"
#include "DeskSoap11.nsmap"
#include <math.h>

#define WORDS "z\303\274rich \344\270\255\346\226\207 \360\237\230\200 <&>\"'\t."
#define ACTION "urn:example:desk/"

static void step(const char *name, int good, struct soap *soap)
{
    printf("%s %s\n", good ? "ok" : "FAIL", name);
    if (good)
        return;
    if (soap->error)
        soap_print_fault(soap, stdout);
    exit(1);
}

static int same(const char *a, const char *b) { return a && b ? !strcmp(a, b) : a == b; }

static struct xsd__base64Binary pattern(struct soap *soap, int n)
{
    struct xsd__base64Binary b = { soap_malloc(soap, n + 1), n, NULL, NULL, NULL };
    for (int i = 0; i < n; i++)
        b.__ptr[i] = (unsigned char)(i * 7 + 3);
    if (soap->omode & SOAP_ENC_MTOM) { /* a part of its own */
        b.id = soap_strdup(soap, "cid:pattern");
        b.type = soap_strdup(soap, "application/octet-stream");
    }
    return b;
}

static int total(struct xsd__base64Binary b)
{
    int n = 0;
    for (int i = 0; i < b.__size; i++)
        n += b.__ptr[i];
    return n;
}

static struct d__Order *sample(struct soap *soap)
{
    static char *tags[] = { "a", "b<&>c", "\303\251" };
    static struct d__Item items[] = { { "s1", 1 }, { "s2", 2 } };
    static unsigned char data[] = { 0, 1, 2, 253, 254, 255 };
    struct d__Order *o = soap_malloc(soap, sizeof *o);
    soap_default_d__Order(soap, o);
    o->Id = 7;
    o->When.tv_sec = 1709212455; /* 2024-02-29T13:14:15Z */
    o->When.tv_usec = 678000;
    o->Day = "2024-02-29";
    o->Amount = "12345.6789";
    o->Price = 0.1;
    o->Big = -5000000000LL;
    o->Paid = xsd__boolean__true_;
    o->Data.__ptr = data;
    o->Data.__size = sizeof data;
    o->Tags = soap_malloc(soap, sizeof *o->Tags);
    o->Tags->__sizeTag = 3;
    o->Tags->Tag = tags;
    o->__sizeItem = 2;
    o->Item = items;
    return o;
}

/* differs names the first field in which two orders differ, NULL if they are the same. */
static const char *differs(struct d__Order *a, struct d__Order *b)
{
    if (a->Id != b->Id) return "Id";
    if (a->When.tv_sec != b->When.tv_sec || a->When.tv_usec != b->When.tv_usec) return "When";
    if (!same(a->Day, b->Day)) return "Day";
    if (!same(a->Amount, b->Amount)) return "Amount";
    if (a->Price != b->Price) return "Price";
    if (a->Big != b->Big) return "Big";
    if (a->Paid != b->Paid) return "Paid";
    if (!same(a->Note, b->Note)) return "Note";
    if (a->Data.__size != b->Data.__size || memcmp(a->Data.__ptr, b->Data.__ptr, a->Data.__size)) return "Data";
    if (a->Tags->__sizeTag != b->Tags->__sizeTag) return "Tags";
    for (int i = 0; i < a->Tags->__sizeTag; i++)
        if (!same(a->Tags->Tag[i], b->Tags->Tag[i])) return "Tag";
    if (a->__sizeItem != b->__sizeItem) return "Items";
    for (int i = 0; i < a->__sizeItem; i++)
        if (!same(a->Item[i].Sku, b->Item[i].Sku) || a->Item[i].Qty != b->Item[i].Qty) return "Item";
    return NULL;
}

/* The client. */

static void echo(struct soap *soap, const char *url, const char *name, char *text)
{
    struct _d__Echo in = { text };
    struct _d__EchoResponse out;
    char step_name[32];
    snprintf(step_name, sizeof step_name, "echo %s", name);
    step(step_name, !soap_call___d__Echo(soap, url, ACTION "Echo", &in, &out) && same(out.EchoResult, text), soap);
}

static void fail(struct soap *soap, const char *url, const char *kind, const char *code11, const char *code12)
{
    struct _d__Fail in = { (char *)kind };
    struct _d__FailResponse out;
    char name[32], reason[32];
    snprintf(name, sizeof name, "fault %s", kind);
    snprintf(reason, sizeof reason, "%s reason", kind);
    if (!soap_call___d__Fail(soap, url, ACTION "Fail", &in, &out))
        step(name, 0, soap);
    const char *code = strchr(*soap_faultcode(soap), ':');
    step(name, code && same(code + 1, soap->version == 2 ? code12 : code11) && same(*soap_faultstring(soap), reason), soap);
    if (strcmp(kind, "typed"))
        return;
    struct SOAP_ENV__Detail *d = soap->version == 2 ? soap->fault->SOAP_ENV__Detail : soap->fault->detail;
    step("fault detail", d && d->d__Oops && d->d__Oops->Code == 7 && same(d->d__Oops->Detail, "typed detail"), soap);
}

static int client(struct soap *soap, const char *url)
{
    int v12 = !strcmp(getenv("DESK_VERSION"), "1.2");
    namespaces[0].ns = v12 ? "http://www.w3.org/2003/05/soap-envelope" : "http://schemas.xmlsoap.org/soap/envelope/";
    namespaces[0].in = v12 ? "http://schemas.xmlsoap.org/soap/envelope/" : "http://www.w3.org/2003/05/soap-envelope";
    soap_set_namespaces(soap, namespaces);
    if (getenv("DESK_MTOM"))
        soap_set_omode(soap, SOAP_ENC_MTOM);
    echo(soap, url, "words", WORDS);
    echo(soap, url, "empty", "");
    echo(soap, url, "nil", NULL);

    struct _d__Add add = { 2, -44 };
    struct _d__AddResponse sum;
    step("add", !soap_call___d__Add(soap, url, ACTION "Add", &add, &sum) && sum.AddResult == -42, soap);

    struct _d__Submit submit = { sample(soap) };
    struct _d__SubmitResponse back;
    step("submit", !soap_call___d__Submit(soap, url, ACTION "Submit", &submit, &back), soap);
    submit.order->Id = 8;
    const char *field = differs(back.SubmitResult, submit.order);
    step(field ? field : "submit fields", !field, soap);

    static const int sizes[] = { 0, 5, 2000 };
    for (int i = 0; i < 3; i++) {
        struct _d__Blob size = { sizes[i] };
        struct _d__BlobResponse blob;
        struct xsd__base64Binary want = pattern(soap, sizes[i]);
        step("blob", !soap_call___d__Blob(soap, url, ACTION "Blob", &size, &blob) && blob.BlobResult.__size == sizes[i] && !memcmp(blob.BlobResult.__ptr ? blob.BlobResult.__ptr : want.__ptr, want.__ptr, sizes[i]), soap);
        struct _d__Store store = { want };
        struct _d__StoreResponse stored;
        step("store", !soap_call___d__Store(soap, url, ACTION "Store", &store, &stored) && stored.StoreResult == total(want), soap);
    }

    struct SOAP_ENV__Header header = { NULL, "t-7" };
    struct _d__Whoami who;
    struct _d__WhoamiResponse name;
    soap->header = &header;
    step("whoami", !soap_call___d__Whoami(soap, url, ACTION "Whoami", &who, &name) && same(name.WhoamiResult, "holder of t-7") && soap->header && same(soap->header->d__Receipt, "r-t-7"), soap);
    soap->header = NULL;

    fail(soap, url, "sender", "Client", "Sender");
    fail(soap, url, "receiver", "Server", "Receiver");
    fail(soap, url, "typed", "Client", "Sender");

    struct _d__Notify notify = { WORDS };
    step("notify", !soap_send___d__Notify(soap, url, ACTION "Notify", &notify) && (!soap_recv_empty_response(soap) || soap->error == 202 || soap->error == 200), soap);
    puts("done");
    return 0;
}

/* The server. */

int __d__Echo(struct soap *soap, struct _d__Echo *in, struct _d__EchoResponse *out)
{
    out->EchoResult = in->text;
    return SOAP_OK;
}

int __d__Add(struct soap *soap, struct _d__Add *in, struct _d__AddResponse *out)
{
    out->AddResult = in->a + in->b;
    return SOAP_OK;
}

int __d__Submit(struct soap *soap, struct _d__Submit *in, struct _d__SubmitResponse *out)
{
    const char *field = differs(in->order, sample(soap));
    if (field)
        return soap_sender_fault(soap, "not the order", field);
    in->order->Id++;
    out->SubmitResult = in->order;
    return SOAP_OK;
}

int __d__Blob(struct soap *soap, struct _d__Blob *in, struct _d__BlobResponse *out)
{
    if (soap->mode & SOAP_ENC_MTOM) /* asked in MTOM */
        soap_set_omode(soap, SOAP_ENC_MTOM);
    out->BlobResult = pattern(soap, in->size);
    return SOAP_OK;
}

int __d__Store(struct soap *soap, struct _d__Store *in, struct _d__StoreResponse *out)
{
    out->StoreResult = total(in->data);
    return SOAP_OK;
}

int __d__Fail(struct soap *soap, struct _d__Fail *in, struct _d__FailResponse *out)
{
    char *reason = soap_malloc(soap, strlen(in->kind) + 8);
    sprintf(reason, "%s reason", in->kind);
    if (!strcmp(in->kind, "receiver"))
        return soap_receiver_fault(soap, reason, NULL);
    soap_sender_fault(soap, reason, NULL);
    if (!strcmp(in->kind, "typed")) {
        struct SOAP_ENV__Detail *d = soap_malloc(soap, sizeof *d);
        soap_default_SOAP_ENV__Detail(soap, d);
        d->d__Oops = soap_malloc(soap, sizeof *d->d__Oops);
        d->d__Oops->Code = 7;
        d->d__Oops->Detail = "typed detail";
        if (soap->version == 2)
            soap->fault->SOAP_ENV__Detail = d;
        else
            soap->fault->detail = d;
    }
    return SOAP_FAULT;
}

int __d__Whoami(struct soap *soap, struct _d__Whoami *in, struct _d__WhoamiResponse *out)
{
    int holds = soap->header && same(soap->header->d__Ticket, "t-7");
    struct SOAP_ENV__Header *header = soap_malloc(soap, sizeof *header);
    soap_default_SOAP_ENV__Header(soap, header);
    header->d__Receipt = "r-t-7";
    soap->header = header;
    out->WhoamiResult = holds ? "holder of t-7" : "nobody";
    return SOAP_OK;
}

int __d__Notify(struct soap *soap, struct _d__Notify *in)
{
    printf(same(in->text, WORDS) ? "notified\n" : "notified wrongly: %s\n", in->text);
    return soap_send_empty_response(soap, 202);
}

static int serve(struct soap *soap)
{
    soap->bind_flags = SO_REUSEADDR;
    if (!soap_valid_socket(soap_bind(soap, "127.0.0.1", atoi(getenv("DESK_PORT")), 100))) {
        soap_print_fault(soap, stdout);
        return 1;
    }
    puts("READY");
    while (soap_valid_socket(soap_accept(soap))) {
        soap_clr_omode(soap, SOAP_ENC_MTOM);
        if (soap_serve(soap) && soap->error != SOAP_FAULT && soap->error != SOAP_STOP && soap->error != SOAP_EOF)
            soap_print_fault(soap, stdout);
        soap_destroy(soap);
        soap_end(soap);
    }
    return 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct soap *soap = soap_new1(SOAP_C_UTFSTRING);
    soap->recv_timeout = soap->send_timeout = soap->connect_timeout = 20;
    return argc > 1 && !strcmp(argv[1], "serve") ? serve(soap) : client(soap, getenv("DESK_URL"));
}
