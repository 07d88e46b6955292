package main

import (
	"context"

	"github.com/ergo-services/ergo/etf"
	"github.com/ergo-services/ergo/lib"
	"github.com/ergo-services/ergo/node"
)

// A registrar knows one other node, and no proxies. It stands where EPMD would.
type registrar struct{ far node.Route }

// Resolve implements node.Registrar.
func (r registrar) Resolve(name string) (node.Route, error) {
	if name != r.far.Node {
		return node.Route{}, lib.ErrNoRoute
	}
	return r.far, nil
}

// ResolveProxy implements node.Registrar.
func (registrar) ResolveProxy(string) (node.ProxyRoute, error) {
	return node.ProxyRoute{}, lib.ErrProxyNoRoute
}

// Register implements node.Registrar.
func (registrar) Register(context.Context, string, node.RegisterOptions) error { return nil }

// RegisterProxy implements node.Registrar.
func (registrar) RegisterProxy(string, int, node.ProxyFlags) error { return lib.ErrUnsupported }

// UnregisterProxy implements node.Registrar.
func (registrar) UnregisterProxy(string) error { return lib.ErrUnsupported }

// Config implements node.Registrar.
func (registrar) Config() (node.RegistrarConfig, error) {
	return node.RegistrarConfig{}, lib.ErrUnsupported
}

// ConfigItem implements node.Registrar.
func (registrar) ConfigItem(string) (etf.Term, error) { return nil, lib.ErrUnsupported }

// SetConfigUpdateCallback implements node.Registrar.
func (registrar) SetConfigUpdateCallback(func(string, etf.Term) error) error {
	return lib.ErrUnsupported
}
