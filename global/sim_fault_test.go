package global

// planted is a fault that the nodes of a simulation have.
type planted struct{}
