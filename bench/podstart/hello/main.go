// Command hello is the least that an HTTP service in Go can be: what a pod costs to
// start before its program does anything.
package main

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	server := &http.Server{
		Addr:              ":" + cmp.Or(os.Getenv("PORT"), "8080"),
		ReadHeaderTimeout: 10 * time.Second,
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }),
	}
	fmt.Fprintln(os.Stderr, "hello:", server.ListenAndServe())
	os.Exit(1)
}
