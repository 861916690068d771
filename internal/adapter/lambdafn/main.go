package lambdafn

import (
	"context"
	"fmt"
	"io"
	"time"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/app"
	"pixmill/internal/config"
)

// Main is the function as a whole: settings from the environment, the core that
// every program shares, Lambda's loop. `bootstrap` is nothing else, and `pixmill
// function` runs the same. It returns only when the function cannot start, with
// the exit code, after it has said why on stderr and to the Runtime API.
func Main(ctx context.Context, self *app.Self, getenv func(string) string, stderr io.Writer) int {
	settings, settingsErr := config.Load(getenv, "")
	err := Run(ctx, Options{
		API: getenv(APIVariable),
		Log: settings.Log.Logger(stderr, config.FormatJSON),
		Now: time.Now,
		Open: func(ctx context.Context) (delivery.Handler, error) {
			if settingsErr != nil {
				return nil, settingsErr
			}
			core, err := app.New(ctx, app.Options{Config: settings.Presets, Self: self}) // never closed: Lambda ends the process
			if err != nil {
				return nil, err
			}
			return core.Handler, nil
		},
	})
	fmt.Fprintf(stderr, "pixmill function: %v\n", err)
	return 1
}
