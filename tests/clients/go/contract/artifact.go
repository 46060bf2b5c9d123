package contract

import (
	"encoding/json"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Artifact is a manifest with an empty config, a file as its only layer, and a subject: for libraries that
// push artifacts and have nothing that makes them.
type Artifact struct {
	Layer    ocispec.Descriptor
	Manifest ocispec.Descriptor
	Document []byte
}

// NewArtifact makes the artifact of a type whose layer is the file.
func NewArtifact(artifactType string, subject ocispec.Descriptor, file []byte) (Artifact, error) {
	layer := descriptor("application/octet-stream", file)
	document, err := json.Marshal(ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: artifactType,
		Config:       ocispec.DescriptorEmptyJSON,
		Layers:       []ocispec.Descriptor{layer},
		Subject:      &subject,
	})
	return Artifact{layer, descriptor(ocispec.MediaTypeImageManifest, document), document}, err
}

func descriptor(mediaType string, content []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(content), Size: int64(len(content))}
}
