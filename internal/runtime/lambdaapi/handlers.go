package lambdaapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"pixmill/internal/fault"
)

// Headers and trailers of the protocol.
const (
	headerRequestID   = "Lambda-Runtime-Aws-Request-Id"
	headerDeadline    = "Lambda-Runtime-Deadline-Ms"
	headerARN         = "Lambda-Runtime-Invoked-Function-Arn"
	headerTrace       = "Lambda-Runtime-Trace-Id"
	headerMode        = "Lambda-Runtime-Function-Response-Mode"
	headerErrorType   = "Lambda-Runtime-Function-Error-Type" // a header of /error, a trailer of /response
	trailerErrorBody  = "Lambda-Runtime-Function-Error-Body" // base64 of the document of /error
	maxErrorBytes     = 256 << 10
	errorTypeTooLarge = "Function.ResponseSizeTooLarge"
)

func (s *Server) routes() http.Handler {
	const root = "/2018-06-01/runtime/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+root+"invocation/next", s.next)
	mux.HandleFunc("POST "+root+"invocation/{id}/response", s.response)
	mux.HandleFunc("POST "+root+"invocation/{id}/error", s.invocationError)
	mux.HandleFunc("POST "+root+"init/error", s.initError)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "NotFound", fmt.Sprintf("%s %s is not served here", r.Method, r.URL.Path))
	})
	return mux
}

// next waits, for as long as it takes, until there is an invocation.
func (s *Server) next(w http.ResponseWriter, r *http.Request) {
	s.initOnce.Do(func() { close(s.ready) })
	c := s.nextCall(r.Context())
	if c == nil {
		return
	}
	h := w.Header()
	h.Set(headerRequestID, c.RequestID)
	h.Set(headerDeadline, strconv.FormatInt(c.Deadline.UnixMilli(), 10))
	h.Set(headerARN, c.FunctionARN)
	if c.TraceID != "" {
		h.Set(headerTrace, c.TraceID)
	}
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(c.Payload) // if this fails the process has gone, which its owner sees
}

// nextCall gives the invocation under way again to a process that asks twice:
// the answer to its first request may have been lost. It returns nil when the
// process or the server has gone.
func (s *Server) nextCall(ctx context.Context) *call {
	s.mu.Lock()
	c := s.current
	s.mu.Unlock()
	if c != nil {
		return c
	}
	select {
	case c = <-s.work:
	case <-ctx.Done():
		return nil
	case <-s.closed:
		return nil
	}
	s.mu.Lock()
	s.current = c
	s.mu.Unlock()
	return c
}

func (s *Server) response(w http.ResponseWriter, r *http.Request) {
	c := s.take(w, r)
	if c == nil {
		return
	}
	if mode := r.Header.Get(headerMode); mode != "" {
		s.fail(w, c, http.StatusBadRequest, "Runtime.InvalidResponseMode", fmt.Sprintf("response mode %q is not supported: answer with the whole body", mode))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxPayload))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		c.result <- result{err: &fault.LimitError{Field: "response", Limit: MaxPayload, Value: max(r.ContentLength, MaxPayload+1), Unit: "bytes"}}
		refuse(w, http.StatusRequestEntityTooLarge, errorTypeTooLarge, fmt.Sprintf("the response is over %d bytes", MaxPayload))
	case err != nil:
		s.fail(w, c, http.StatusBadRequest, "Runtime.TruncatedResponse", err.Error())
	case r.Trailer.Get(headerErrorType) != "":
		c.result <- result{err: trailerError(r)}
		accept(w)
	default:
		c.result <- result{body: body}
		accept(w)
	}
}

// trailerError reads the error that came up while the function wrote its response.
func trailerError(r *http.Request) *FunctionError {
	e := &FunctionError{Type: r.Trailer.Get(headerErrorType), Message: "the response broke off"}
	if doc, err := base64.StdEncoding.DecodeString(r.Trailer.Get(trailerErrorBody)); err == nil {
		e.read(doc)
	}
	return e
}

func (s *Server) invocationError(w http.ResponseWriter, r *http.Request) {
	c := s.take(w, r)
	if c == nil {
		return
	}
	c.result <- result{err: readError(r)}
	accept(w)
}

func (s *Server) initError(w http.ResponseWriter, r *http.Request) {
	select {
	case s.initErr <- readError(r):
	default: // the first one counts
	}
	accept(w)
}

// take ends the invocation that the path names, or refuses the request and
// returns nil: only the one that is under way can be answered, and only once.
func (s *Server) take(w http.ResponseWriter, r *http.Request) *call {
	id := r.PathValue("id")
	s.mu.Lock()
	c := s.current
	if c == nil || c.RequestID != id {
		s.mu.Unlock()
		refuse(w, http.StatusBadRequest, "InvalidRequestID", fmt.Sprintf("invocation %q is not under way", id))
		return nil
	}
	s.current = nil
	s.mu.Unlock()
	return c
}

func (s *Server) fail(w http.ResponseWriter, c *call, status int, kind, message string) {
	c.result <- result{err: &FunctionError{Type: kind, Message: message}}
	refuse(w, status, kind, message)
}

// readError reads the document of /error; whatever cannot be read is in the message.
func readError(r *http.Request) *FunctionError {
	e := &FunctionError{Type: r.Header.Get(headerErrorType)}
	doc, err := io.ReadAll(io.LimitReader(r.Body, maxErrorBytes))
	if err != nil {
		e.Message = err.Error()
		return e
	}
	e.Message = string(doc)
	e.read(doc)
	return e
}

// read takes over what an error document says; other documents change nothing.
func (e *FunctionError) read(doc []byte) {
	var d struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}
	if json.Unmarshal(doc, &d) != nil || d.Message == "" && d.Type == "" {
		return
	}
	e.Message = d.Message
	if d.Type != "" {
		e.Type = d.Type
	}
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorType": kind, "errorMessage": message})
}
