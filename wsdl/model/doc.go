// Package model owns what a WSDL 1.1 description and its XML Schemas say, once every name in them has been resolved: one graph of
// components, with content models as trees and every component's place in its file. It owns no reading (package load), no judgement
// (package check) and no lowering to what programs hold (package ir).
//
// Two things that other tools drop are kept: the order and nesting of particles, and that elements, types, attributes, groups and
// attribute groups are separate symbol spaces.
//
// Sources: WSDL 1.1; XML Schema part 1 and 2, second edition; WS-Addressing WSDL binding; WS-Policy 1.2 and 1.5 as WCF writes it.
//
// A model is plain data. Once load has returned it nobody changes it, so any goroutine may read it.
package model
