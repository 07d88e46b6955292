package codec_test

//go:generate go run github.com/tinylib/msgp -io=false -tests=false -o job_gen_test.go

//msgp:tuple job

// A job is a message type of some program.
type job struct {
	Tag     []byte
	N       int64
	Payload []byte
}
