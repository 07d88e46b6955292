package link

import (
	"slices"
	"strings"

	"github.com/aemp-go/aemp/codec"
)

// exportLabel names our use of the TLS session's exported keying material (RFC 5705).
const exportLabel = "EXPORTER-aemp-tlsexp"

// exportOctets is as much as HMAC-SHA3-512 gives out.
const exportOctets = 64

// chooseMethod takes the first of the peer's list that we send and that fits.
func (h *Handshake) chooseMethod() bool {
	for _, m := range h.said.Auths {
		if i := slices.Index(h.config.AuthOffer, m); i >= 0 && h.fits(m) {
			h.Method = h.config.AuthOffer[i] // m is a part of the peer's line and would keep all of it
			return true
		}
	}
	return false
}

// fits says whether a method can be used on this connection, by either side. The
// original dies of hmac_sha3_512 under TLS.
func (h *Handshake) fits(method string) bool {
	switch method {
	case codec.AuthExported:
		return h.tls && h.Peer.Extended
	case codec.AuthTLS, codec.AuthAnonymous:
		return h.tls
	case codec.AuthHMAC:
		return !h.tls
	}
	return true
}

// means says by what we could prove ourselves here.
func (h *Handshake) means() string {
	usable := slices.DeleteFunc(slices.Clone(h.config.AuthOffer), func(m string) bool { return !h.fits(m) })
	switch {
	case len(usable) > 0:
		return "we can send " + strings.Join(usable, ",")
	case h.tls:
		return "we can send nothing under TLS"
	}
	return "we can send nothing without TLS"
}

// Proof is line 3 with its end: once it is out, the peer may take this connection
// for the link, and may send data. After Ready. It fails only if the TLS session can't export.
func (h *Handshake) Proof() ([]byte, error) {
	t := codec.Binding(h.own[0], h.own[1], h.theirs[0], h.theirs[1])
	data, err := h.proofData(h.Method, t)
	if err != nil {
		return nil, &HandshakeError{Kind: TLSFailed, Detail: err.Error(), Peer: h.Peer.Node}
	}
	p := codec.Proof{Method: h.Method, Data: data, Framing: h.Out.String()}
	return append(p.Append(nil), '\n'), nil
}

// proofData is the second field of line 3: what the side whose lines come first
// in t sends (protocol 2.4, 2.6).
func (h *Handshake) proofData(method string, t []byte) (string, error) {
	secret := h.config.Secret
	switch method {
	case codec.AuthExported:
		ekm, err := h.session.Export(exportLabel, nil, exportOctets)
		if err != nil {
			return "", err
		}
		return codec.ExportedProof(ekm, secret, t), nil
	case codec.AuthTLS:
		return codec.TLSProof(t), nil
	case codec.AuthHMAC:
		return codec.HMACProof(secret, t), nil
	case codec.AuthCleartext:
		return codec.CleartextProof(secret), nil
	}
	return "", nil // tls_anon
}

// readProof checks the peer's line 3. Unlike the original we check that its method
// and framing are ones that we offered.
func (h *Handshake) readProof(line []byte) Step {
	p, err := codec.ParseProof(line)
	if err != nil {
		return h.fail(BadProof, err.Error())
	}
	if !h.accepts(p.Method) {
		return h.fail(ProofNotOffered, "method "+p.Method)
	}
	if h.isDowngrade(p.Method) {
		return h.fail(Downgrade, p.Method+" although both sides know "+codec.AuthExported)
	}
	f, ok := codec.ParseFraming(p.Framing)
	if !ok || !slices.Contains(h.config.Framings, f) {
		return h.fail(ProofNotOffered, "framing "+p.Framing)
	}
	t := codec.Binding(h.theirs[0], h.theirs[1], h.own[0], h.own[1])
	want, err := h.proofData(p.Method, t)
	if err != nil {
		return h.fail(TLSFailed, err.Error())
	}
	if !codec.ProofEqual(p.Data, want) {
		return h.fail(WrongSecret, "method "+p.Method)
	}
	h.In = f
	h.stage = over
	h.lines = codec.LineReader{}
	return Verified
}

func (h *Handshake) accepts(method string) bool {
	return slices.Contains(h.config.AuthAccept, method) && h.fits(method)
}

// isDowngrade: the peer knows tlsexp, we prefer it to the method, and yet the peer sent
// the method. Somebody between us could have made it do so.
func (h *Handshake) isDowngrade(method string) bool {
	exported := slices.Index(h.config.AuthAccept, codec.AuthExported)
	return exported >= 0 && h.fits(codec.AuthExported) &&
		slices.Contains(h.said.Auths, codec.AuthExported) &&
		slices.Index(h.config.AuthAccept, method) > exported
}
