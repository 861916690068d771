package cli

import (
	"io"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progressBar shows how far a command is. A nil bar shows nothing.
type progressBar struct {
	container *mpb.Progress
	bar       *mpb.Bar
}

// newProgressBar returns a bar on w, or nil if w is no terminal.
func newProgressBar(w io.Writer, total int) *progressBar {
	if !isTerminal(w) {
		return nil
	}
	container := mpb.New(mpb.WithOutput(w), mpb.WithWidth(60))
	bar := container.AddBar(int64(total),
		mpb.PrependDecorators(decor.CountersNoUnit("%d of %d ")),
		mpb.AppendDecorators(decor.Percentage(), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO, decor.WCSyncSpace), "")),
	)
	return &progressBar{container: container, bar: bar}
}

func (p *progressBar) increment() {
	if p != nil {
		p.bar.Increment()
	}
}

// above returns a writer for lines that belong above the bar, or w without one.
func (p *progressBar) above(w io.Writer) io.Writer {
	if p == nil {
		return w
	}
	return p.container
}

// close ends the bar where it stands and leaves it on the screen.
func (p *progressBar) close() {
	if p == nil {
		return
	}
	p.bar.Abort(false) // does nothing to a bar that is complete
	p.container.Wait()
}
