// Command fakereg-containers-image is a client of fakereg's tests: containers/image, through which podman,
// buildah and skopeo talk to registries, one verb per call. The verbs are in ../README.md.
package main

import (
	"bytes"
	"context"
	"math"
	"os"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/sirupsen/logrus"
	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/oci/layout"
	"go.podman.io/image/v5/pkg/blobinfocache/none"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"

	"fakereg/tests/clients/contract"
)

func main() {
	logrus.SetLevel(logrus.FatalLevel)
	contract.Main("go.podman.io/image/v5", map[string]contract.Verb{
		"push":            push,
		"pull":            pull,
		"copy":            copyWithin,
		"tags":            tags,
		"catalog":         catalog,
		"attach":          attach,
		"referrers":       contract.Cannot("it has no call for the referrers API, nor for the tag that stands in for it"),
		"delete-tag":      contract.Cannot("DeleteImage takes a tag, but deletes the manifest behind it by digest, with all its tags"),
		"delete-manifest": deleteManifest,
		"delete-blob":     contract.Cannot("it deletes images only, and leaves their blobs to the registry"),
	})
}

// system allows plain HTTP, which the library tries after HTTPS. cache is the folder where it remembers
// which repositories hold a blob.
func system(cache string) *types.SystemContext {
	return &types.SystemContext{
		DockerInsecureSkipTLSVerify: types.OptionalBoolTrue,
		BlobInfoCacheDir:            cache,
	}
}

func image(reference string) (types.ImageReference, error) {
	return docker.ParseReference("//" + reference)
}

func push(ctx context.Context, arguments []string) (any, error) {
	source, err := layout.NewReference(arguments[0], arguments[1])
	if err != nil {
		return nil, err
	}
	target, err := image(arguments[2])
	if err != nil {
		return nil, err
	}
	return inScratch(func(scratch string) (any, error) { return transfer(ctx, source, target, scratch) })
}

func pull(ctx context.Context, arguments []string) (any, error) {
	source, err := image(arguments[0])
	if err != nil {
		return nil, err
	}
	target, err := layout.NewReference(arguments[1], arguments[2])
	if err != nil {
		return nil, err
	}
	return inScratch(func(scratch string) (any, error) { return transfer(ctx, source, target, scratch) })
}

// copyWithin is a pull and a push with one cache: only what the library has met in another repository does
// it try to mount from there.
func copyWithin(ctx context.Context, arguments []string) (any, error) {
	source, err := image(arguments[0])
	if err != nil {
		return nil, err
	}
	target, err := image(arguments[1])
	if err != nil {
		return nil, err
	}
	return inScratch(func(scratch string) (any, error) {
		between, err := layout.NewReference(scratch, "between")
		if err != nil {
			return nil, err
		}
		if answer, err := transfer(ctx, source, between, scratch); err != nil {
			return answer, err
		}
		return transfer(ctx, between, target, scratch)
	})
}

func inScratch(do func(scratch string) (any, error)) (any, error) {
	scratch, err := os.MkdirTemp("", "fakereg-containers-image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	return do(scratch)
}

func transfer(ctx context.Context, source, target types.ImageReference, cache string) (any, error) {
	anything := &signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}}
	policy, err := signature.NewPolicyContext(anything)
	if err != nil {
		return nil, err
	}
	document, err := copy.Image(ctx, policy, target, source, &copy.Options{
		SourceCtx:          system(cache),
		DestinationCtx:     system(cache),
		ImageListSelection: copy.CopyAllImages,
		PreserveDigests:    true,
		RemoveSignatures:   true,
	})
	if err != nil {
		return nil, err
	}
	digest, err := manifest.Digest(document)
	return contract.Digest(digest, err)
}

func tags(ctx context.Context, arguments []string) (any, error) {
	source, err := image(arguments[0])
	if err != nil {
		return nil, err
	}
	all, err := docker.GetRepositoryTags(ctx, system(""), source)
	return contract.List("tags", all, err)
}

// catalog is a search for nothing, which the library answers from the catalog alone.
func catalog(ctx context.Context, arguments []string) (any, error) {
	found, err := docker.SearchRegistry(ctx, system(""), arguments[0], "", math.MaxInt)
	var all []string
	for _, repository := range found {
		all = append(all, repository.Name)
	}
	return contract.List("repositories", all, err)
}

// attach builds the manifest here: the library has nothing that makes artifacts, it only pushes them.
func attach(ctx context.Context, arguments []string) (any, error) {
	reference, err := image(arguments[0])
	if err != nil {
		return nil, err
	}
	file, err := os.ReadFile(arguments[2])
	if err != nil {
		return nil, err
	}
	subject, err := describe(ctx, reference)
	if err != nil {
		return nil, err
	}
	artifact, err := contract.NewArtifact(arguments[1], subject, file)
	if err != nil {
		return nil, err
	}
	target, err := image(reference.DockerReference().Name() + "@" + artifact.Manifest.Digest.String())
	if err != nil {
		return nil, err
	}
	destination, err := target.NewImageDestination(ctx, system(""))
	if err != nil {
		return nil, err
	}
	defer destination.Close()
	if err := put(ctx, destination, ocispec.DescriptorEmptyJSON, ocispec.DescriptorEmptyJSON.Data, true); err != nil {
		return nil, err
	}
	if err := put(ctx, destination, artifact.Layer, file, false); err != nil {
		return nil, err
	}
	return contract.Digest(artifact.Manifest.Digest, destination.PutManifest(ctx, artifact.Document, nil))
}

func describe(ctx context.Context, reference types.ImageReference) (ocispec.Descriptor, error) {
	source, err := reference.NewImageSource(ctx, system(""))
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	defer source.Close()
	document, mediaType, err := source.GetManifest(ctx, nil)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	found, err := manifest.Digest(document)
	return ocispec.Descriptor{MediaType: mediaType, Digest: found, Size: int64(len(document))}, err
}

func put(ctx context.Context, into types.ImageDestination, blob ocispec.Descriptor, data []byte, isConfig bool) error {
	info := types.BlobInfo{Digest: blob.Digest, Size: blob.Size, MediaType: blob.MediaType}
	_, err := into.PutBlob(ctx, bytes.NewReader(data), info, none.NoCache, isConfig)
	return err
}

// deleteManifest takes a tag, too: the library gets the manifest and deletes it by digest.
func deleteManifest(ctx context.Context, arguments []string) (any, error) {
	target, err := image(arguments[0])
	if err != nil {
		return nil, err
	}
	return contract.Nothing(target.DeleteImage(ctx, system("")))
}
