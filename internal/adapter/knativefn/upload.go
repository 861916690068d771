package knativefn

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/event"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/upload"
)

// metaPrefix is what S3 has before the names of an object's metadata.
const metaPrefix = "X-Amz-Meta-"

// upload answers an image: it goes into the source bucket, and is handled as an event
// that names it would be. It holds no slot before it is stored, and no memory after.
func (s *Service) upload(w http.ResponseWriter, r *http.Request, l *lease) answer {
	ctx := r.Context()
	im, err := s.readImage(w, r, l)
	if err != nil {
		return notStored(err)
	}
	stored, err := s.Uploads.Put(ctx, im)
	im.Data = nil
	l.release()
	if err != nil {
		return notStored(err)
	}
	if err := s.gate.begin(ctx, s.Wait); err != nil {
		return notHandled(stored, problem{status: http.StatusServiceUnavailable}, err)
	}
	defer s.gate.end()
	result := s.handle(ctx, s.Log, event.Delivery{Envelope: event.EnvelopeDirect, Items: []event.Item{{Events: []event.ObjectEvent{stored.Event}}}})
	source := result.Sources[0] // the event names one
	if source.Err != nil {
		return notHandled(stored, problemOf(source.Err), source.Err)
	}
	return s.receipt(stored, source)
}

// readImage reads a request whose body is an image. Who asks before sending
// (Expect: 100-continue) is refused without having sent.
func (s *Service) readImage(w http.ResponseWriter, r *http.Request, l *lease) (upload.Image, error) {
	key, err := keyOf(r.URL.RawQuery)
	if err != nil {
		return upload.Image{}, err
	}
	if key != "" {
		if err := s.Uploads.CheckKey(key); err != nil {
			return upload.Image{}, err
		}
	}
	focal, err := focalOf(r.Header)
	if err != nil {
		return upload.Image{}, err
	}
	data, err := s.body(w, r, s.Uploads.Limits().SourceBytes, l)
	if err != nil {
		return upload.Image{}, err
	}
	if len(data) == 0 {
		return upload.Image{}, malformed{errors.New("the body is empty: send the image's bytes")}
	}
	return upload.Image{Data: data, Key: key, Focal: focal}, nil
}

// keyOf reads the one parameter that an upload has; "" where there is none.
func keyOf(query string) (string, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", malformed{fmt.Errorf("query: %w", err)}
	}
	for name, given := range values {
		switch {
		case name != "key":
			return "", malformed{fmt.Errorf("query: there is no parameter %q, only key", name)}
		case len(given) > 1:
			return "", malformed{fmt.Errorf("query: key is there %d times", len(given))}
		case given[0] == "":
			return "", malformed{errors.New("query: key is empty; without one the key is made of the image's SHA-256")}
		}
	}
	return values.Get("key"), nil
}

// focalOf reads the one piece of metadata that a source may have.
func focalOf(h http.Header) (string, error) {
	for name, values := range h {
		meta, ok := strings.CutPrefix(name, metaPrefix)
		if !ok {
			continue
		}
		if meta = strings.ToLower(meta); meta != handler.MetaFocal {
			return "", malformed{fmt.Errorf("x-amz-meta-%s: only x-amz-meta-%s is taken", meta, handler.MetaFocal)}
		}
		if len(values) > 1 {
			return "", malformed{fmt.Errorf("x-amz-meta-%s is there %d times", meta, len(values))}
		}
	}
	focal := strings.TrimSpace(h.Get(metaPrefix + handler.MetaFocal))
	return focal, upload.CheckFocal(focal)
}

// notStored is the answer to an image that is not in the bucket.
func notStored(err error) answer {
	_, unsupportedFormat := errors.AsType[*imaging.UnsupportedError](err)
	switch {
	case isType[malformed](err), isType[unreadable](err), isType[full](err), tooLarge(err):
		return refused(err)
	case unsupportedFormat, errors.Is(err, imaging.ErrNotImage):
		return refused(unsupported{err})
	}
	return problemOf(err).because(err)
}

// notHandled is the answer to an image that is in the bucket, and not all of whose
// variants are there.
func notHandled(stored upload.Stored, p problem, err error) answer {
	p.detail = fmt.Sprintf("%v. The image is in the bucket %q as %q: the event of the bucket makes its variants, or send it again.",
		err, stored.Event.Bucket, stored.Event.Key)
	return p.with("source", stored.Object()).because(err)
}

// receipt is the answer to an image that was handled: 201 with what there is now, or a
// problem with the manifest where that has no variant.
func (s *Service) receipt(stored upload.Stored, source *delivery.Source) answer {
	o := source.Outcome
	if stored.Replaced(o) {
		return problem{
			status: http.StatusConflict,
			detail: fmt.Sprintf("%q was replaced or deleted by another request while it was handled: the output is that of what is there now.", stored.Event.Key),
		}.with("source", stored.Object()).answer()
	}
	if upload.Failed(o.Manifest) {
		return problem{
			status: http.StatusUnprocessableEntity,
			detail: cmp.Or(o.Manifest.Reason, "None of the variants could be made: the manifest says why of each."),
		}.with("source", stored.Object()).with("manifestKey", o.ManifestKey).with("manifest", o.Manifest).answer()
	}
	receipt := stored.Receipt(o, s.OutputBucket)
	a := jsonAnswer(receipt)
	if a.status == http.StatusOK {
		a.status = http.StatusCreated
		a.header["Location"] = receipt.Manifest.URL
	}
	return a
}
