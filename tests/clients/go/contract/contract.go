// Package contract is the command line that the client programs share, so that one test can drive any of
// them: one verb per call, one JSON object as the answer, and an exit code that tells a failure from
// something that the library behind the program does not offer.
package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

// Exit codes: a client that failed, and one that cannot do this at all.
const (
	failed     = 1
	impossible = 3
)

// arguments are the verbs and what each takes; those in brackets may be left out.
var arguments = map[string]string{
	"version":         "",
	"push":            "LAYOUT TAG REFERENCE",
	"pull":            "REFERENCE LAYOUT TAG",
	"copy":            "SOURCE TARGET",
	"tags":            "HOST/REPOSITORY",
	"catalog":         "HOST",
	"attach":          "REFERENCE ARTIFACT_TYPE FILE",
	"referrers":       "REFERENCE [ARTIFACT_TYPE]",
	"delete-tag":      "REFERENCE",
	"delete-manifest": "HOST/REPOSITORY@DIGEST",
	"delete-blob":     "HOST/REPOSITORY@DIGEST",
	"resolve":         "REFERENCE",
	"fetch":           "REFERENCE",
	"resume":          "HOST/REPOSITORY@DIGEST",
}

// Verb does one thing. Its arguments are as many as the contract says; one that was left out is "".
type Verb func(ctx context.Context, arguments []string) (answer any, err error)

// Main runs the verb that the command line names. library is the module whose version "version" prints.
func Main(library string, verbs map[string]Verb) {
	verbs["version"] = func(context.Context, []string) (any, error) { return version(library) }
	answer, err := run(context.Background(), verbs, os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, strings.ReplaceAll(err.Error(), "\n", " "))
		if errors.As(err, new(cannot)) {
			os.Exit(impossible)
		}
		os.Exit(failed)
	}
}

func run(ctx context.Context, verbs map[string]Verb, line []string) (any, error) {
	if len(line) == 0 {
		return nil, errors.New("usage: VERB ARGUMENTS")
	}
	name, given := line[0], line[1:]
	verb, known := verbs[name]
	if !known {
		return nil, fmt.Errorf("no such verb: %s", name)
	}
	names := strings.Fields(arguments[name])
	required := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name[0] == '[' })
	if len(given) < len(required) || len(given) > len(names) {
		return nil, fmt.Errorf("usage: %s %s", name, arguments[name])
	}
	return verb(ctx, append(given, make([]string, len(names)-len(given))...))
}

func version(library string) (any, error) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == library {
				return map[string]string{"library": library, "version": module.Version}, nil
			}
		}
	}
	return nil, errors.New("built without module information")
}

type cannot string

func (reason cannot) Error() string { return "cannot: " + string(reason) }

// Cannot is the verb for which a library has nothing; the reason says what it lacks.
func Cannot(reason string) Verb {
	return func(context.Context, []string) (any, error) { return nil, cannot(reason) }
}

// Digest is the answer of a verb that wrote or read something.
func Digest(digest fmt.Stringer, err error) (any, error) {
	return map[string]string{"digest": digest.String()}, err
}

// List is the answer of a verb that lists; an empty list is [] and never null.
func List[Entry any](name string, entries []Entry, err error) (any, error) {
	if entries == nil {
		entries = []Entry{}
	}
	return map[string][]Entry{name: entries}, err
}

// Nothing is the answer of a verb that has nothing to say.
func Nothing(err error) (any, error) {
	return struct{}{}, err
}
