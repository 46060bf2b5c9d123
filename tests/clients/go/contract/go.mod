module fakereg/tests/clients/contract

go 1.25
