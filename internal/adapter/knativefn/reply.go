package knativefn

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/event"
)

// typeUsage is the type of what `func invoke` gets that sends no event.
const typeUsage = "dev.pixmill.usage"

// reply answers a single event with one of its own, in binary mode, where exactly one
// source has a manifest now; the data is the manifest. Its id is that of the same
// manifest each time, so that consumers can drop what a redelivery repeats.
func (s *Service) reply(in incoming, r delivery.Result) answer {
	var about *delivery.Source
	for _, source := range r.Sources {
		if source.Outcome.Manifest == nil {
			continue
		}
		if about != nil {
			return answer{status: http.StatusNoContent, id: in.id}
		}
		about = source
	}
	if about == nil {
		return answer{status: http.StatusNoContent, id: in.id}
	}
	a := jsonAnswer(about.Outcome.Manifest)
	if a.status != http.StatusOK {
		return a
	}
	sum := sha256.New()
	for _, part := range []string{about.Event.Bucket, about.Event.Key, string(a.body)} {
		sum.Write([]byte(part + "\x00")) // a key has no NUL that would stand for two parts
	}
	s.attributes(&a, event.TypeProcessed, about.Event.Bucket, hex.EncodeToString(sum.Sum(nil)[:16]))
	a.header["Ce-Subject"] = headerValue(about.Event.Key)
	a.id = in.id
	return a
}

// explain answers `func invoke` without an event with what would be one.
func (s *Service) explain(in incoming) answer {
	a := jsonAnswer(map[string]string{
		"message": s.usageText(),
		"example": `func invoke --format cloudevent --data '{"bucket":"uploads","key":"a.jpg"}'`,
	})
	s.attributes(&a, typeUsage, "", in.id)
	a.id = in.id
	return a
}

func (s *Service) attributes(a *answer, typ, bucket, id string) {
	a.header["Ce-Specversion"] = "1.0"
	a.header["Ce-Type"] = typ
	a.header["Ce-Source"] = strings.TrimSuffix("pixmill/"+bucket, "/")
	a.header["Ce-Id"] = headerValue(id)
	a.header["Ce-Time"] = s.Now().UTC().Format(time.RFC3339Nano)
}

// headerValue encodes text for a header, as the HTTP binding says: spaces, quotes,
// percent signs, and all but printable ASCII.
func headerValue(text string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c > ' ' && c < 0x7f && c != '"' && c != '%' {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hexDigits[c>>4]) + string(hexDigits[c&15]))
		}
	}
	return b.String()
}
