// Package cluster shows what becomes of requests to the function in a Kubernetes
// cluster while its pods come and go: it scales from zero and back, pods are deleted,
// their processes killed, revisions replaced, memory and the store run out.
//
//	make e2e-knative
//
// Each scenario (a row in scenarios, in main_test.go) has a namespace, two buckets and a
// way to the store of its own, and the manifests of the tree with small pods. The store
// is in the test's process and listens where pods reach it. At the end the output is
// compared with what the sources ask for: whatever happened, no image is lost. Two
// scenarios show which formats the small and the full image read.
//
// The package holds tests only. Its loads are small and bounded; it never changes what
// belongs to the cluster as a whole.
package cluster
