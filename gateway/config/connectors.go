package config

import (
	"strconv"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Connect gives the connector as package connect takes it, secrets and all.
func (c *Connector) Connect() connect.Connector {
	out := connect.Connector{
		Listen: c.Listen, Forward: c.Forward, Target: c.Target, Bind: c.Bind, ConnectionString: c.ConnectionString.Reveal(), PortName: c.PortName,
		Web: connect.Web{
			Host: c.Host, From: c.Prefix.From, To: c.Prefix.To, Remove: c.Headers.Remove, CAFile: c.CAFile, Cert: c.Cert, Key: c.Key,
		},
		Convert: connect.Convert{As: c.As, TargetAs: c.TargetAs, OneWay: c.OneWay},
	}
	for _, h := range c.Headers.Add {
		out.Add = append(out.Add, shape.Field{Name: h.Name, Value: h.Value.Reveal()})
	}
	return out
}

// Connect gives all connectors of the settings.
func (c *Config) Connect() []connect.Connector {
	list := make([]connect.Connector, 0, len(c.Connectors))
	for i := range c.Connectors {
		list = append(list, c.Connectors[i].Connect())
	}
	return list
}

// crossConnectors checks each connector, and that no two get into each other's way.
func (l *loader) crossConnectors(c *Config) {
	list := c.Connect()
	for i := range list {
		path := "connectors[" + strconv.Itoa(i) + "]"
		flaws := list[i].Check()
		for _, flaw := range flaws {
			at := join(path, flaw.Key)
			l.at(l.placeOf(at), at, flaw.Message)
		}
		for j := range i {
			if len(flaws) > 0 {
				break
			}
			if flaw := connect.Clash(&list[j], &list[i]); flaw != nil {
				at := join(path, flaw.Key)
				l.at(l.placeOf(at), at, flaw.Message+"; the other is at "+l.placeOf("connectors["+strconv.Itoa(j)+"]").in(l.file))
				break
			}
		}
	}
}
