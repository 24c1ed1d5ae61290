// A Docker provider for Terraform, for Holdfast's infrastructure tests only: where neither the registry of Terraform nor a
// mirror has the real one, the tests put this in its place. It knows the resources and fields that Holdfast's stacks use
// and refuses every other, so that a test never passes by what this one is more lenient in.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

func main() {
	// The address that the configuration names; the tests know it from Terraform itself.
	address := os.Getenv("HOLDFAST_TEST_PROVIDER_ADDRESS")
	if address == "" {
		address = "holdfast.test/kreuzwerker/docker"
	}
	create := func() provider.Provider { return &dockerProvider{} }
	err := providerserver.Serve(context.Background(), create, providerserver.ServeOpts{Address: address})
	if err != nil {
		log.Fatal(err)
	}
}
