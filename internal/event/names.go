package event

import "strings"

// The reasons in Ignored: the values of a metric's label, so the list is fixed.
const (
	IgnoredTestEvent        = "test-event"         // S3 says that a notification was configured
	IgnoredRestoreInitiated = "restore-initiated"  // the object cannot be read yet
	IgnoredRestoreExpired   = "restore-expired"    // a restored copy went; the object is as it was
	IgnoredTagging          = "tagging"            // tags change no pixels
	IgnoredACL              = "acl"                // nor do permissions
	IgnoredReplication      = "replication"        // the replica has events of its own
	IgnoredStorageClass     = "storage-class"      // moved, not changed
	IgnoredLost             = "reduced-redundancy" // S3 lost the object: nothing can be read
	IgnoredAccess           = "access"             // somebody read the object (MinIO)
	IgnoredUnknownName      = "unknown-name"
	IgnoredOwn              = "own-event"   // what Pixmill answered came back
	IgnoredFuncInvoke       = "func-invoke" // of `func`, without an event in it
	IgnoredEmptyBatch       = "empty-batch"
	IgnoredHTTP             = "http-request" // a request for the gateway names no object
)

// meaning is what an event's name says: an Op, or why there is nothing to do.
type meaning struct {
	op      Op
	ignored string
}

// names holds the names of S3 event notifications without their "s3:", and the
// detail types by which EventBridge calls the same things.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
var names = map[string]meaning{
	"ObjectCreated:Put":                       {op: OpCreated},
	"ObjectCreated:Post":                      {op: OpCreated},
	"ObjectCreated:Copy":                      {op: OpCreated},
	"ObjectCreated:CompleteMultipartUpload":   {op: OpCreated},
	"ObjectRemoved:Delete":                    {op: OpRemoved},
	"ObjectRemoved:DeleteMarkerCreated":       {op: OpRemoved},
	"LifecycleExpiration:Delete":              {op: OpRemoved},
	"LifecycleExpiration:DeleteMarkerCreated": {op: OpRemoved},
	"ObjectRestore:Completed":                 {op: OpRestored},

	"TestEvent":                   {ignored: IgnoredTestEvent},
	"ObjectRestore:Post":          {ignored: IgnoredRestoreInitiated},
	"ObjectRestore:Delete":        {ignored: IgnoredRestoreExpired},
	"ObjectTagging:Put":           {ignored: IgnoredTagging},
	"ObjectTagging:Delete":        {ignored: IgnoredTagging},
	"ObjectAcl:Put":               {ignored: IgnoredACL},
	"LifecycleTransition":         {ignored: IgnoredStorageClass},
	"ReducedRedundancyLostObject": {ignored: IgnoredLost},

	"Object Created":               {op: OpCreated},
	"Object Deleted":               {op: OpRemoved},
	"Object Restore Completed":     {op: OpRestored},
	"Object Restore Initiated":     {ignored: IgnoredRestoreInitiated},
	"Object Restore Expired":       {ignored: IgnoredRestoreExpired},
	"Object Tags Added":            {ignored: IgnoredTagging},
	"Object Tags Deleted":          {ignored: IgnoredTagging},
	"Object ACL Updated":           {ignored: IgnoredACL},
	"Object Storage Class Changed": {ignored: IgnoredStorageClass},
	"Object Access Tier Changed":   {ignored: IgnoredStorageClass},
}

// NameToOp says what an event of that name asks for: an Op and "", or "" and
// one of the Ignored reasons. The name is an S3 notification's, with or without
// "s3:", or EventBridge's detail type.
func NameToOp(name string) (op Op, ignored string) {
	name = trimName(name)
	if m, ok := names[name]; ok {
		return m.op, m.ignored
	}
	switch family, _, _ := strings.Cut(name, ":"); family {
	case "Replication":
		return "", IgnoredReplication
	case "IntelligentTiering":
		return "", IgnoredStorageClass
	case "ObjectAccessed":
		return "", IgnoredAccess
	}
	return "", IgnoredUnknownName
}

// trimName returns the name as ObjectEvent.Name has it.
func trimName(name string) string { return strings.TrimPrefix(name, "s3:") }
