package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// layout is an OCI image layout: containerd's content store keeps blobs at the very same paths, and only
// the index and the marker have to be added.
type layout struct {
	content.Store
	folder string
}

func openLayout(folder string) (layout, error) {
	store, err := local.NewStore(folder)
	return layout{store, folder}, err
}

// temporaryLayout is a place for contents between two repositories; done removes it.
func temporaryLayout() (opened layout, done func(), err error) {
	folder, err := os.MkdirTemp("", "fakereg-containerd-")
	if err != nil {
		return layout{}, nil, err
	}
	opened, err = openLayout(folder)
	return opened, func() { os.RemoveAll(folder) }, err
}

// tagged is the image or index that the layout lists under a tag.
func (l layout) tagged(tag string) (ocispec.Descriptor, error) {
	document, err := os.ReadFile(filepath.Join(l.folder, ocispec.ImageIndexFile))
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	var index ocispec.Index
	if err := json.Unmarshal(document, &index); err != nil {
		return ocispec.Descriptor{}, err
	}
	for _, descriptor := range index.Manifests {
		if descriptor.Annotations[ocispec.AnnotationRefName] == tag {
			return descriptor, nil
		}
	}
	return ocispec.Descriptor{}, fmt.Errorf("%s has no tag %s", l.folder, tag)
}

// tag makes the layout list a root, and nothing else, under a tag. The store's folder of unfinished writes
// is empty by then, or was never made.
func (l layout) tag(root ocispec.Descriptor, tag string) error {
	root.Annotations = map[string]string{ocispec.AnnotationRefName: tag}
	index := ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []ocispec.Descriptor{root},
	}
	if err := l.write(ocispec.ImageIndexFile, index); err != nil {
		return err
	}
	if err := l.write(ocispec.ImageLayoutFile, ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion}); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(l.folder, "ingest")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (l layout) write(name string, document any) error {
	encoded, err := json.Marshal(document)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.folder, name), encoded, 0o644)
}
