// Package manifests tests what is in knative/: each overlay as kustomize renders it,
// func.yaml, and, with PIXMILL_E2E=knative in a cluster, what its API server, Knative's
// webhooks and the "restricted" Pod Security Standard say of each.
//
// It changes nothing in a cluster but namespaces of its own and, where Knative Eventing
// is not installed, four of its resource definitions, which it removes again. Without
// kubectl all of it is skipped, without a cluster what needs one.
package manifests
