// Command fakereg-containerd is a client of fakereg's tests: containerd's resolver, pusher and fetcher,
// through which ctr, nerdctl and the kubelet talk to registries, one verb per call and without a daemon.
// The verbs are in ../README.md.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/remotes/docker/config"
	"github.com/containerd/containerd/v2/pkg/labels"
	"github.com/containerd/containerd/v2/pkg/reference"
	"github.com/containerd/log"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"fakereg/tests/clients/contract"
)

const (
	noLists   = "its resolver speaks for one name: there is no call that lists tags or repositories"
	noDeletes = "its resolver has a fetcher and a pusher and nothing that deletes"
)

func main() {
	if err := log.SetLevel("fatal"); err != nil {
		panic(err)
	}
	contract.Main("github.com/containerd/containerd/v2", map[string]contract.Verb{
		"push":            push,
		"pull":            pull,
		"copy":            copyWithin,
		"tags":            contract.Cannot(noLists),
		"catalog":         contract.Cannot(noLists),
		"attach":          attach,
		"referrers":       referrers,
		"delete-tag":      contract.Cannot(noDeletes),
		"delete-manifest": contract.Cannot(noDeletes),
		"delete-blob":     contract.Cannot(noDeletes),
	})
}

// resolver is set up as ctr does it for --plain-http and --hosts-dir.
func resolver(ctx context.Context) remotes.Resolver {
	options := config.HostOptions{DefaultScheme: "http"}
	if folder := os.Getenv("CONTAINERD_HOSTS_DIR"); folder != "" {
		options.HostDir = config.HostDirFromRoot(folder)
	}
	return docker.NewResolver(docker.ResolverOptions{Hosts: config.ConfigureHosts(ctx, options)})
}

func push(ctx context.Context, arguments []string) (any, error) {
	source, err := openLayout(arguments[0])
	if err != nil {
		return nil, err
	}
	root, err := source.tagged(arguments[1])
	if err != nil {
		return nil, err
	}
	return contract.Digest(root.Digest, send(ctx, source, root, arguments[2]))
}

// send has the root's digest in the reference, so that the root alone is put under the tag.
func send(ctx context.Context, from content.Store, root ocispec.Descriptor, target string) error {
	if !strings.Contains(target, "@") {
		target += "@" + root.Digest.String()
	}
	pusher, err := resolver(ctx).Pusher(ctx, target)
	if err != nil {
		return err
	}
	return remotes.PushContent(ctx, pusher, root, from, nil, platforms.All, nil)
}

// pull leaves what it has of a blob in the layout when it fails; the next pull asks for the rest.
func pull(ctx context.Context, arguments []string) (any, error) {
	target, err := openLayout(arguments[1])
	if err != nil {
		return nil, err
	}
	root, err := receive(ctx, arguments[0], target)
	if err != nil {
		return nil, err
	}
	return contract.Digest(root.Digest, target.tag(root, arguments[2]))
}

func receive(ctx context.Context, source string, into content.Store) (ocispec.Descriptor, error) {
	resolver := resolver(ctx)
	name, root, err := resolver.Resolve(ctx, source)
	if err != nil {
		return root, err
	}
	fetcher, err := resolver.Fetcher(ctx, name)
	if err != nil {
		return root, err
	}
	handlers := images.Handlers(remotes.FetchHandler(into, fetcher), images.ChildrenHandler(into))
	return root, images.Dispatch(ctx, handlers, nil, root)
}

// copyWithin is a pull and a push, as it is in containerd: the mount comes from the annotation that says
// where contents were pulled from.
func copyWithin(ctx context.Context, arguments []string) (any, error) {
	between, done, err := temporaryLayout()
	if err != nil {
		return nil, err
	}
	defer done()
	root, err := receive(ctx, arguments[0], between)
	if err != nil {
		return nil, err
	}
	if root.Annotations, err = origin(arguments[0]); err != nil {
		return nil, err
	}
	return contract.Digest(root.Digest, send(ctx, between, root, arguments[1]))
}

// origin is the annotation that names a repository as a source; its key has the host without the port.
func origin(source string) (map[string]string, error) {
	parsed, err := reference.Parse(source)
	if err != nil {
		return nil, err
	}
	location, err := url.Parse("//" + parsed.Locator)
	if err != nil {
		return nil, err
	}
	key := labels.LabelDistributionSource + "." + location.Hostname()
	return map[string]string{key: strings.TrimPrefix(location.Path, "/")}, nil
}

// attach builds the manifest here: containerd has nothing that makes artifacts, it only pushes them.
func attach(ctx context.Context, arguments []string) (any, error) {
	between, done, err := temporaryLayout()
	if err != nil {
		return nil, err
	}
	defer done()
	file, err := os.ReadFile(arguments[2])
	if err != nil {
		return nil, err
	}
	_, subject, err := resolver(ctx).Resolve(ctx, arguments[0])
	if err != nil {
		return nil, err
	}
	artifact, err := contract.NewArtifact(arguments[1], subject, file)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		write(ctx, between, ocispec.DescriptorEmptyJSON, ocispec.DescriptorEmptyJSON.Data),
		write(ctx, between, artifact.Layer, file),
		write(ctx, between, artifact.Manifest, artifact.Document),
	)
	if err != nil {
		return nil, err
	}
	repository, err := reference.Parse(arguments[0])
	if err != nil {
		return nil, err
	}
	return contract.Digest(artifact.Manifest.Digest, send(ctx, between, artifact.Manifest, repository.Locator))
}

func write(ctx context.Context, into content.Store, descriptor ocispec.Descriptor, data []byte) error {
	return content.WriteBlob(ctx, into, descriptor.Digest.String(), bytes.NewReader(data), descriptor)
}

func referrers(ctx context.Context, arguments []string) (any, error) {
	resolver := resolver(ctx)
	name, subject, err := resolver.Resolve(ctx, arguments[0])
	if err != nil {
		return nil, err
	}
	fetcher, err := resolver.Fetcher(ctx, name)
	if err != nil {
		return nil, err
	}
	source, capable := fetcher.(remotes.ReferrersFetcher)
	if !capable {
		return nil, fmt.Errorf("%T does not fetch referrers", fetcher)
	}
	var options []remotes.FetchReferrersOpt
	if arguments[1] != "" {
		options = append(options, remotes.WithReferrerArtifactTypes(arguments[1]))
	}
	found, err := source.FetchReferrers(ctx, subject.Digest, options...)
	var all []digest.Digest
	for _, referrer := range found {
		all = append(all, referrer.Digest)
	}
	return contract.List("referrers", all, err)
}
