module fakereg/tests/clients/containerd

go 1.26.6

require (
	fakereg/tests/clients/contract v0.0.0
	github.com/containerd/containerd/v2 v2.4.2 // indirect
)

replace fakereg/tests/clients/contract => ../contract
