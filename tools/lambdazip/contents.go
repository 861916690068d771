package main

import (
	"context"
	"os"

	"pixmill/internal/config"
	"pixmill/internal/preset"
	"pixmill/tools/bundle"
)

// program is what Lambda starts.
const program = "bootstrap"

// lambda is where the program runs. provided.al2023 is Amazon Linux 2023.
var lambda = bundle.System{Name: "provided.al2023", Glibc: 34}

// gather reads everything that goes into the zip, in its order.
func gather(ctx context.Context, o options) ([]bundle.File, error) {
	libraries, err := bundle.Libraries(o.libvips)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(o.bootstrap)
	if err != nil {
		return nil, err
	}
	notices, err := bundle.Notices(o.libvips)
	if err != nil {
		return nil, err
	}
	modules, err := bundle.Modules(ctx, "./functions/lambda")
	if err != nil {
		return nil, err
	}
	files := append([]bundle.File{{Name: program, Content: content, Executable: true}}, libraries...)
	files = append(append(files, notices...), modules)
	if o.config == "" {
		return files, nil
	}
	f, err := configuration(o.config)
	return append(files, f), err
}

// configuration is a pixmill.yaml, which is looked at here so that a mistake in
// it shows before it is deployed. The function finds it in its working directory.
func configuration(file string) (bundle.File, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return bundle.File{}, err
	}
	if _, err := preset.Parse(file, text); err != nil {
		return bundle.File{}, err
	}
	return bundle.File{Name: config.DefaultFile, Content: text}, nil
}
