package main

import (
	"context"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"fakereg/tests/clients/contract"
)

// resolve asks with HEAD, and tells the digest that the library makes of the answer.
func resolve(ctx context.Context, arguments []string) (any, error) {
	source, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	found, err := source.Resolve(ctx, source.Reference.Reference)
	return contract.Digest(found.Digest, err)
}

// fetch asks with GET, and tells the digest that the library makes of the answer. What it read is for the
// caller to check, and not checked here.
func fetch(ctx context.Context, arguments []string) (any, error) {
	source, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	found, body, err := source.FetchReference(ctx, source.Reference.Reference)
	if err != nil {
		return nil, err
	}
	return contract.Digest(found.Digest, body.Close())
}

// resume reads a blob, and where the line breaks seeks back to that place and reads on, once.
func resume(ctx context.Context, arguments []string) (any, error) {
	source, err := repository(arguments[0])
	if err != nil {
		return nil, err
	}
	_, body, err := source.Blobs().FetchReference(ctx, source.Reference.Reference)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	read := digest.Canonical.Digester()
	size, broken := io.Copy(read.Hash(), body)
	if broken != nil {
		if err := readOn(body, size, read.Hash()); err != nil {
			return nil, err
		}
	}
	return contract.Digest(read.Digest(), nil)
}

// readOn seeks to the end and back: a seek to where the reader stands already asks for nothing.
func readOn(body io.Reader, from int64, into io.Writer) error {
	seeker, capable := body.(io.Seeker)
	if !capable {
		return fmt.Errorf("%T does not seek: the registry did not say Accept-Ranges: bytes", body)
	}
	if _, err := seeker.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	if _, err := seeker.Seek(from, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(into, body)
	return err
}
