package simrun

import (
	"fmt"
	"reflect"
	"strings"
)

// Counts lists the fields of a struct of counters.
func Counts(x any) string {
	v := reflect.ValueOf(x)
	var all []string
	for i := range v.NumField() {
		all = append(all, fmt.Sprintf("%s %d", v.Type().Field(i).Name, v.Field(i).Int()))
	}
	return strings.Join(all, ", ")
}

// Add adds the counters of y to those of x, which is a pointer to such a struct.
func Add(x, y any) {
	v, w := reflect.ValueOf(x).Elem(), reflect.ValueOf(y)
	for i := range v.NumField() {
		v.Field(i).SetInt(v.Field(i).Int() + w.Field(i).Int())
	}
}
