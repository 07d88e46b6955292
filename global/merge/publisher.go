package merge

// A Role is what a publisher is to this node. It decides where its entries count.
type Role uint8

// Roles.
const (
	Stranger Role = iota // its entries are seen here, and not passed on
	Slave                // they are seen here and by the other global nodes; this node itself is one
	Global               // they are seen here; the other global nodes have them from it
)
