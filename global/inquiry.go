package global

import (
	"strconv"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// A QueryKind is what a query asks for of a family.
type QueryKind uint8

const (
	QueryFamily QueryKind = iota // a map: its keys and values
	QueryKeys                    // a list
	QueryValues                  // a list; both in no particular order
)

var queryTags = [...]string{"g_db_family", "g_db_keys", "g_db_values"}

// An inquiry is a query that waits for its answer.
type inquiry struct {
	kind   QueryKind
	family string
	parts  gathering
}

// Query asks for a family, which needn't be watched. It is answered once, as soon as
// somebody can answer, unless it is cancelled. No two queries may have the same number.
func (m *Machine) Query(now time.Duration, number uint64, kind QueryKind, family string) []Action {
	m.begin(now)
	q := inquiry{kind: kind, family: family}
	m.slave.queries[number] = q
	switch {
	case m.settle.on:
	case m.global:
		m.flush()
		m.answerHere(number, q)
	case m.slave.master != nil:
		m.askQuery(number, q)
	}
	return m.finish()
}

// Cancel forgets a query.
func (m *Machine) Cancel(number uint64) { delete(m.slave.queries, number) }

func (m *Machine) askQuery(number uint64, q inquiry) {
	m.ask(m.compose(queryTags[q.kind]).text(q.family).text(strconv.FormatUint(number, 36)).message())
}

// reply is g_reply ID RESULT [MORE].
func (m *Machine) reply(p *peer, r *codec.Args) error {
	id, result, more := r.TextBytes(), r.Value(), goesOn(r)
	if err := r.Err(); err != nil {
		return err
	}
	number, err := strconv.ParseUint(string(id), 36, 64)
	q, asked := m.slave.queries[number]
	if err != nil || !asked || p != m.slave.master {
		return nil
	}
	if err := q.fits(result); err != nil {
		return err
	}
	whole, done, err := q.parts.part(result, more)
	if err != nil {
		return err
	}
	if !done {
		m.slave.queries[number] = q
		return nil
	}
	delete(m.slave.queries, number)
	m.do(Action{Do: Answer, Query: number, Result: whole})
	return nil
}

// fits says whether a result is of the kind that was asked for.
func (q inquiry) fits(result codec.Value) (err error) {
	if q.kind == QueryFamily {
		_, err = result.Map()
	} else {
		_, err = result.List()
	}
	return err
}
