package main

// The versions. To take another: change these, run the tool, and put in the
// checksums that it says it found, after comparing them with what `npm view
// @img/sharp-libvips-dev@VERSION dist.integrity` and the Packages file of Debian's
// signed archive say.
const (
	sharpVersion = "1.3.4"  // of the npm packages
	vipsVersion  = "8.18.7" // inside them
	gccVersion   = "12.2.0-14+deb12u1"
)

// pin is one file to fetch and what it must be.
type pin struct {
	path string // under a registry or an archive
	sum  string // "sha512-" and base64, as npm has it, or "sha256:" and hex, as Debian has it
}

// headers are the same for all architectures.
var headers = pin{
	"@img/sharp-libvips-dev/-/sharp-libvips-dev-" + sharpVersion + ".tgz",
	"sha512-s1VIq6p83pWGi1hk7VLdfRiI6DUolGYqbpCNu4zdEIbKjlbdR9zHFpIiY6wQtnbn5jSfu9+E/PSC26tkONer2Q==",
}

// arch is what differs between architectures.
type arch struct {
	library pin // libvips and everything that it uses, in one file

	// Debian's C++ runtime in pieces: position-independent objects to make a
	// part of libstdc++ from, those of the unwinder, and their licence.
	cxx, unwinder, notice pin
	triplet               string // Debian's name of the architecture
}

var packages = map[string]arch{
	"amd64": {
		library: pin{
			"@img/sharp-libvips-linux-x64/-/sharp-libvips-linux-x64-" + sharpVersion + ".tgz",
			"sha512-GJ//SSXbnwSDes02umB3nDJLFcQzw8a18V8fyhqr6tV515tOEMdImjjxj1AoafMRz56F3PHgftnj1QEKSU1zkw==",
		},
		cxx:      pin{gcc + "libstdc++-12-pic_" + gccVersion + "_amd64.deb", "sha256:d1c866007298b094015e5ce46404c2c78c7629900c1e3f9b5c85547f4355e49b"},
		unwinder: pin{gcc + "libgcc-12-dev_" + gccVersion + "_amd64.deb", "sha256:d720259380a84f2ffc6fe516eff5cbe9c8a005138e8d6a5748747ba4b3404a82"},
		notice:   pin{gcc + "gcc-12-base_" + gccVersion + "_amd64.deb", "sha256:1896a2aacf4ad681ff5eacc24a5b0ca4d5d9c9b9c9e4b6de5197bc1e116ea619"},
		triplet:  "x86_64-linux-gnu",
	},
	"arm64": {
		library: pin{
			"@img/sharp-libvips-linux-arm64/-/sharp-libvips-linux-arm64-" + sharpVersion + ".tgz",
			"sha512-Y3dgX/6lE2QhQb+Gxy0WZxfg9MEm/JBjamZpS2IklP7xIQoKN4hzAm7KcMVGtaVDt3neE9OKBC7vAfonA/Lr1A==",
		},
		cxx:      pin{gcc + "libstdc++-12-pic_" + gccVersion + "_arm64.deb", "sha256:2d5a844535982cba581ace1ef6e65aee25a3dd4f6249aaf3cf78c1cf4cf65b3c"},
		unwinder: pin{gcc + "libgcc-12-dev_" + gccVersion + "_arm64.deb", "sha256:c83d28b7c3397c25f15ae17783fce78716a3d7cd415940940cc2af8dc4db8d6d"},
		notice:   pin{gcc + "gcc-12-base_" + gccVersion + "_arm64.deb", "sha256:674cf6cba6d432bd200c45fe866c1652c7a53523cc2e7a613e05bc4abf7b5440"},
		triplet:  "aarch64-linux-gnu",
	},
}

// gcc is where Debian's archive has the compiler's packages.
const gcc = "pool/main/g/gcc-12/"

// archives have Debian's packages. The first drops a version when there is a
// newer one, the second keeps all that there ever was.
var archives = []string{
	"https://deb.debian.org/debian/",
	"https://snapshot.debian.org/archive/debian/20250601T000000Z/",
}
