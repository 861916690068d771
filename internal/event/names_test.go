package event

import "testing"

func TestNameToOp(t *testing.T) {
	tests := []struct {
		op      Op
		ignored string
		names   []string
	}{
		{OpCreated, "", []string{
			"ObjectCreated:Put", "ObjectCreated:Post", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload",
			"s3:ObjectCreated:Put", "Object Created",
		}},
		{OpRemoved, "", []string{
			"ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "s3:LifecycleExpiration:Delete",
			"LifecycleExpiration:DeleteMarkerCreated", "Object Deleted",
		}},
		{OpRestored, "", []string{"ObjectRestore:Completed", "s3:ObjectRestore:Completed", "Object Restore Completed"}},
		{"", IgnoredRestoreInitiated, []string{"s3:ObjectRestore:Post", "Object Restore Initiated"}},
		{"", IgnoredRestoreExpired, []string{"ObjectRestore:Delete", "Object Restore Expired"}},
		{"", IgnoredTagging, []string{"ObjectTagging:Put", "ObjectTagging:Delete", "Object Tags Added", "Object Tags Deleted"}},
		{"", IgnoredACL, []string{"s3:ObjectAcl:Put", "Object ACL Updated"}},
		{"", IgnoredReplication, []string{"Replication:OperationFailedReplication", "s3:Replication:OperationNotTracked"}},
		{"", IgnoredStorageClass, []string{"LifecycleTransition", "IntelligentTiering", "s3:IntelligentTiering:TransitionAccess", "Object Access Tier Changed"}},
		{"", IgnoredLost, []string{"s3:ReducedRedundancyLostObject"}},
		{"", IgnoredAccess, []string{"s3:ObjectAccessed:Get"}},
		{"", IgnoredTestEvent, []string{"s3:TestEvent"}},
		{"", IgnoredUnknownName, []string{"", "ObjectCreated", "ObjectCreated:", "objectcreated:put", "s3:s3:ObjectCreated:Put"}},
	}
	for _, tt := range tests {
		for _, name := range tt.names {
			if op, ignored := NameToOp(name); op != tt.op || ignored != tt.ignored {
				t.Errorf("NameToOp(%q) = %q, %q; want %q, %q", name, op, ignored, tt.op, tt.ignored)
			}
		}
	}
}
