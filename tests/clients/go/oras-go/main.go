// Command fakereg-oras-go is a client of fakereg's tests: oras-go, through which oras, notation and helm
// talk to registries, one verb per call. The verbs are in ../README.md.
package main

import (
	"context"
	"os"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry/remote"

	"fakereg/tests/clients/contract"
)

func main() {
	contract.Main("oras.land/oras-go/v2", map[string]contract.Verb{
		"push":            push,
		"pull":            pull,
		"copy":            copyWithin,
		"tags":            tags,
		"catalog":         catalog,
		"attach":          attach,
		"referrers":       referrers,
		"delete-tag":      contract.Cannot("a remote repository deletes by descriptor, which has a digest and no tag; only layouts have Untag"),
		"delete-manifest": deleteManifest,
		"delete-blob":     deleteBlob,
		"resolve":         resolve,
		"fetch":           fetch,
		"resume":          resume,
	})
}

func repository(reference string) (*remote.Repository, error) {
	found, err := remote.NewRepository(reference)
	if err != nil {
		return nil, err
	}
	found.PlainHTTP = true
	return found, nil
}

func push(ctx context.Context, arguments []string) (any, error) {
	layout, err := oci.NewFromFS(ctx, os.DirFS(arguments[0]))
	if err != nil {
		return nil, err
	}
	target, err := repository(arguments[2])
	if err != nil {
		return nil, err
	}
	root, err := oras.Copy(ctx, layout, arguments[1], target, target.Reference.Reference, oras.DefaultCopyOptions)
	return contract.Digest(root.Digest, err)
}

func pull(ctx context.Context, arguments []string) (any, error) {
	source, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	layout, err := oci.NewWithContext(ctx, arguments[1])
	if err != nil {
		return nil, err
	}
	root, err := oras.Copy(ctx, source, source.Reference.Reference, layout, arguments[2], oras.DefaultCopyOptions)
	return contract.Digest(root.Digest, err)
}

// copyWithin names the repository to mount from: by itself oras.Copy reads every blob and pushes it.
func copyWithin(ctx context.Context, arguments []string) (any, error) {
	source, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	target, err := repository(arguments[1])
	if err != nil {
		return nil, err
	}
	options := oras.DefaultCopyOptions
	options.MountFrom = func(context.Context, ocispec.Descriptor) ([]string, error) {
		return []string{source.Reference.Repository}, nil
	}
	root, err := oras.Copy(ctx, source, source.Reference.Reference, target, target.Reference.Reference, options)
	return contract.Digest(root.Digest, err)
}

func tags(ctx context.Context, arguments []string) (any, error) {
	source, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	var all []string
	err = source.Tags(ctx, "", func(page []string) error {
		all = append(all, page...)
		return nil
	})
	return contract.List("tags", all, err)
}

func catalog(ctx context.Context, arguments []string) (any, error) {
	registry, err := remote.NewRegistry(arguments[0])
	if err != nil {
		return nil, err
	}
	registry.PlainHTTP = true
	var all []string
	err = registry.Repositories(ctx, "", func(page []string) error {
		all = append(all, page...)
		return nil
	})
	return contract.List("repositories", all, err)
}

// attach fixes the time of creation, so that the same artifact has the same digest every time.
func attach(ctx context.Context, arguments []string) (any, error) {
	target, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(arguments[2])
	if err != nil {
		return nil, err
	}
	subject, err := target.Resolve(ctx, target.Reference.Reference)
	if err != nil {
		return nil, err
	}
	layer, err := oras.PushBytes(ctx, target, "application/octet-stream", content)
	if err != nil {
		return nil, err
	}
	artifact, err := oras.PackManifest(ctx, target, oras.PackManifestVersion1_1, arguments[1], oras.PackManifestOptions{
		Subject:             &subject,
		Layers:              []ocispec.Descriptor{layer},
		ManifestAnnotations: map[string]string{ocispec.AnnotationCreated: "2000-01-01T00:00:00Z"},
	})
	return contract.Digest(artifact.Digest, err)
}

func referrers(ctx context.Context, arguments []string) (any, error) {
	source, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	subject, err := source.Resolve(ctx, source.Reference.Reference)
	if err != nil {
		return nil, err
	}
	var all []string
	err = source.Referrers(ctx, subject, arguments[1], func(page []ocispec.Descriptor) error {
		for _, referrer := range page {
			all = append(all, referrer.Digest.String())
		}
		return nil
	})
	return contract.List("referrers", all, err)
}

func deleteManifest(ctx context.Context, arguments []string) (any, error) {
	target, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	found, err := target.Manifests().Resolve(ctx, target.Reference.Reference)
	if err != nil {
		return nil, err
	}
	return contract.Nothing(target.Manifests().Delete(ctx, found))
}

func deleteBlob(ctx context.Context, arguments []string) (any, error) {
	target, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	found, err := target.Blobs().Resolve(ctx, target.Reference.Reference)
	if err != nil {
		return nil, err
	}
	return contract.Nothing(target.Blobs().Delete(ctx, found))
}
