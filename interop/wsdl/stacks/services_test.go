package stacks

// services are those of the corpus whose messages are tried: of many tools and styles, none of them so big that it takes the time of all.
var services = []string{
	"afipws/wsfe", "axis-axis2-java-core/BaseDataTypesDocLitB", "axis-axis2-java-core/gorilla_dlw", "axis-axis2-java-core/shapes",
	"bet365-soap/europepmc", "corewcf/BasicHttpSimpleServiceTest.BasicHttpRequestReplyEchoString",
	"corewcf/XmlSerializerFormatSoapTest.XmlGeneratedTest", "cxf/jaxb_custom_extensors", "cxf/perf", "cxf/test-soap-12-header",
	"easywsdl-wsdl/sendsmsworld", "easywsdl-wsdl/wsdl66", "fedex/PickupService_v11", "go-xml/soriana-docrecibo",
	"googleads-php-lib/PublisherQueryLanguageService", "googleads-php-lib/StreamActivityMonitorService", "gowsdl/fixtures-test",
	"gowsdl/mnb-exchange", "jbossws-cxf/RegistrationService", "jbossws-cxf/TestService", "kdsoap/DWService_12", "metro-jax-ws/custom",
	"node-soap/RetrieveCustomerDetails__returning_a_dat-soap", "node-soap/mixed-sequence", "php-afip-ws/wsmtxca", "product-ei/NDataSourceAdmin",
	"product-ei/RestTestService", "quickbooks-php/QBWebConnectorSvc", "rubiii-wsdl/ratp", "scalaxb/stockquote-11",
	"service-proxy/ArticleService-bom", "soa-model/PolicyArticle", "soa-model/article", "soap-ws/TestService", "soapcore/SnapshotPull",
	"soapcore/echoInclude", "spring-ws/complex", "synapse/sample_proxy_2", "tuscany-sca-2.x/test1", "typescript-wsdl-client/weather",
	"upswsdl/Void", "wasabi/rpc_operation", "wcf/CollectionTypes", "wcf/TypeReuseSvc", "wildfly/ReliableService",
	"wsdl-to-postman/InnerBindingNOPrefix", "wsdl-tsclient/TestService", "wsdl2apex/EOLS_PSAPLookupUS", "wsdl2rest/calculator",
}

// whole is of how many of them every message of both stacks must come back.
const whole = 30

// vendored are those that lie in testdata, for checkouts without the corpus beside them. Origin and licence of each are in INDEX.tsv.
var vendored = []string{
	"axis-axis2-java-core/gorilla_dlw", "scalaxb/stockquote-11", "synapse/sample_proxy_2", "typescript-wsdl-client/weather", "wcf/TypeReuseSvc",
	"wsdl2rest/calculator",
}

// What the stacks cannot do. Where a schema can judge what they sent, it refuses it as well: the test sees to that.
const (
	serverSpace = "npm's server writes the children of a type of another namespace in that of the element above"
	serverRPC   = "npm's soap writes the wrapper of an rpc operation in the namespace of the description and not in that of its body"
	noSpace     = "npm's soap writes an element that a type refers to without its namespace"
	qnames      = "zeep takes a QName for a text and does not declare its prefix; npm's soap is given what zeep made"
)

// exceptions are messages that do not come back, by case, way and stack.
var exceptions = map[string]string{
	"corewcf/XmlSerializerFormatSoapTest.XmlGeneratedTest output.zeep": "zeep, which is no server, gives the answer of an rpc operation the name of the message",
	"corewcf/XmlSerializerFormatSoapTest.XmlGeneratedTest output.node": serverSpace,
	"cxf/perf input.zeep": qnames, "cxf/perf input.node": qnames, "cxf/perf output.zeep": qnames, "cxf/perf output.node": qnames,
	"easywsdl-wsdl/wsdl66 output.node": serverSpace, "jbossws-cxf/RegistrationService output.node": serverSpace,
	"kdsoap/DWService_12 output.node": serverSpace, "rubiii-wsdl/ratp output.node": serverSpace, "soap-ws/TestService output.node": serverSpace,
	"soapcore/SnapshotPull output.node": serverSpace, "upswsdl/Void output.node": serverSpace,
	"wasabi/rpc_operation input.node": serverRPC, "wasabi/rpc_operation output.node": serverRPC,
	"wcf/CollectionTypes output.node": serverSpace, "wcf/TypeReuseSvc output.node": serverSpace,
	"wsdl-tsclient/TestService input.node":    noSpace,
	"wsdl2apex/EOLS_PSAPLookupUS output.node": serverSpace,
}
