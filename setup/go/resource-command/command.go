package main

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is command:local:Command. How secrets and unknowns pass from inputs to outputs is the
// library's default: every output depends on every input.
type Command struct{}

// Annotate names the resource.
func (c *Command) Annotate(a infer.Annotator) { a.SetToken("local", "Command") }

// Inputs are the arguments of a Command.
type Inputs struct {
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`

	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *Logging           `pulumi:"logging,optional"`
	AssetPaths             *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths           *[]string          `pulumi:"archivePaths,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
}

// Annotate sets the one default.
func (i *Inputs) Annotate(a infer.Annotator) { a.SetDefault(&i.AddPreviousOutputInEnv, true) }

// Produced is what running a command yields.
type Produced struct {
	Stdout  string                           `pulumi:"stdout"`
	Stderr  string                           `pulumi:"stderr"`
	Assets  *map[string]types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive                `pulumi:"archive,optional"`
}

// State is what is kept of a Command: its inputs and what the last run yielded.
type State struct {
	Inputs
	Produced
}

// Logging says which streams are shown while a command runs; both when it is absent.
type Logging string

const (
	logStdout Logging = "stdout"
	logStderr Logging = "stderr"
	logBoth   Logging = "stdoutAndStderr"
	logNone   Logging = "none"
)

// Values lists what logging may be.
func (Logging) Values() []infer.EnumValue[Logging] {
	values := []infer.EnumValue[Logging]{}
	for _, v := range []Logging{logStdout, logStderr, logBoth, logNone} {
		values = append(values, infer.EnumValue[Logging]{Name: string(v), Value: v})
	}
	return values
}

func (l *Logging) shows(stream Logging) bool { return l == nil || *l == stream || *l == logBoth }

// Create runs `create`, if there is one.
func (*Command) Create(ctx context.Context, req infer.CreateRequest[Inputs]) (infer.CreateResponse[State], error) {
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	out := infer.CreateResponse[State]{ID: id, Output: State{Inputs: req.Inputs}}
	if err == nil && !req.DryRun {
		err = out.Output.run(ctx, req.Inputs.Create)
	}
	return out, err
}

// Update runs `update`, or else `create`.
func (*Command) Update(
	ctx context.Context, req infer.UpdateRequest[Inputs, State],
) (infer.UpdateResponse[State], error) {
	out := infer.UpdateResponse[State]{Output: State{Inputs: req.Inputs, Produced: req.State.Produced}}
	if req.DryRun {
		return out, nil
	}
	line := req.Inputs.Update
	if line == nil {
		line = req.Inputs.Create
	}
	return out, out.Output.run(ctx, line)
}

// Delete runs `delete`, if there is one.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[State]) (infer.DeleteResponse, error) {
	return infer.DeleteResponse{}, req.State.run(ctx, req.State.Inputs.Delete)
}
