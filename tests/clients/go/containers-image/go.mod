module fakereg/tests/clients/containers-image

go 1.25.7

require (
	fakereg/tests/clients/contract v0.0.0
	go.podman.io/image/v5 v5.41.0 // indirect
)

replace fakereg/tests/clients/contract => ../contract
