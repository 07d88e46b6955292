package codec_test

//go:generate go run github.com/tinylib/msgp -io=false -tests=false -unexported -o job_gen_test.go

//msgp:tuple job

// A job is a message type of some program.
type job struct {
	Tag     []byte
	N       int64
	Payload []byte
}

// A profile is a type that encodes as a map.
type profile struct {
	Name  string
	Ratio float64
	Ready bool
	Sizes []int
}

//msgp:tuple report

// A report is a message type with fields of many kinds.
type report struct {
	Name  string
	Data  []byte
	N     int
	Ratio float64
	Small float32
	Ready bool
	Inner profile
	List  []string
}
