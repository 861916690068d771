package event

import (
	"encoding/json"
	"errors"
	"fmt"

	"pixmill/internal/fault"
)

// readRecord reads one JSON object, such as an entry of "Records", into a struct. The error names the
// field and says what it holds instead, not its value.
func readRecord(raw json.RawMessage, to any) error {
	err := json.Unmarshal(raw, to)
	if err == nil {
		return nil
	}
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && t.Field != "" {
		return fmt.Errorf("%s holds a %s where a %s belongs", t.Field, t.Value, t.Type)
	}
	return fmt.Errorf("the record is %s, not an object", kindOfJSON(raw))
}

// oneItem makes one item of all records, each added by add. What of them cannot be
// read becomes its error, with the first ones in full.
func (o object) oneItem(op string, inFull int, add func(*Item, json.RawMessage) error) ([]Item, error) {
	records, err := o.checkedRecords()
	if err != nil {
		return nil, err
	}
	var item Item
	var bad []error
	for i, raw := range records {
		if err := add(&item, raw); err != nil {
			bad = append(bad, fmt.Errorf("record %d: %w", i, err))
		}
	}
	item.Err = rejected(op, "", join(inFull, bad...))
	return []Item{item}, nil
}

// rejected makes a fault of an error; nil stays nil.
func rejected(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Rejected, op, key, err)
}

// join makes one line of some errors, the first ones in full; of none it makes nil.
func join(most int, errs ...error) error {
	if len(errs) == 0 {
		return nil
	}
	err := errs[0]
	for _, next := range errs[1:min(most, len(errs))] {
		err = fmt.Errorf("%w; %w", err, next)
	}
	if n := len(errs) - most; n > 0 {
		err = fmt.Errorf("%w; and %d more", err, n)
	}
	return err
}
