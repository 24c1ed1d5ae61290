// The provider itself: one field, the address of the engine, and four kinds of resources.
package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type dockerProvider struct{}

type providerModel struct {
	Host types.String `tfsdk:"host"`
}

func (*dockerProvider) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "docker"
}

func (*dockerProvider) Schema(_ context.Context, _ provider.SchemaRequest, response *provider.SchemaResponse) {
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"host": schema.StringAttribute{Required: true},
	}}
}

func (*dockerProvider) Configure(ctx context.Context, request provider.ConfigureRequest, response *provider.ConfigureResponse) {
	var model providerModel
	response.Diagnostics.Append(request.Config.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	engine, err := openEngine(model.Host.ValueString())
	if err != nil {
		response.Diagnostics.AddError("host cannot be used", err.Error())
		return
	}
	response.ResourceData = engine
}

func (*dockerProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (*dockerProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &networkResource{} },
		func() resource.Resource { return &volumeResource{} },
		func() resource.Resource { return &imageResource{} },
		func() resource.Resource { return &containerResource{} },
	}
}

// withEngine is what every resource has: the engine that the provider was configured with.
type withEngine struct {
	engine *engine
}

func (with *withEngine) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if given, is := request.ProviderData.(*engine); is {
		with.engine = given
	}
}
