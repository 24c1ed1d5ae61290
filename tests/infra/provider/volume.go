// docker_volume: name and labels. Every change makes it anew; what protects it is Terraform's prevent_destroy.
package main

import (
	"context"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type volumeResource struct{ withEngine }

type volumeModel struct {
	ID     types.String `tfsdk:"id"`
	Name   types.String `tfsdk:"name"`
	Labels []labelModel `tfsdk:"labels"`
}

func (*volumeResource) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "docker_volume"
}

func (*volumeResource) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id":   idAttribute(),
			"name": schema.StringAttribute{Required: true, PlanModifiers: anew},
		},
		Blocks: map[string]schema.Block{"labels": labelsBlock()},
	}
}

func (with *volumeResource) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var model volumeModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	// One that is there already is taken as it is, as the engine does: that is how kept data comes back.
	body := map[string]any{"Name": model.Name.ValueString(), "Labels": labelsOf(model.Labels)}
	if err := with.engine.call(ctx, "POST", "/volumes/create", nil, body, nil); err != nil {
		response.Diagnostics.AddError("the volume "+model.Name.ValueString()+" was not made", err.Error())
		return
	}
	model.ID = model.Name
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (with *volumeResource) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var model volumeModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	err := with.engine.call(ctx, "GET", "/volumes/"+url.PathEscape(model.ID.ValueString()), nil, nil, nil)
	if isMissing(err) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		response.Diagnostics.AddError("the volume "+model.Name.ValueString()+" cannot be read", err.Error())
	}
}

func (*volumeResource) Update(_ context.Context, _ resource.UpdateRequest, response *resource.UpdateResponse) {
	response.Diagnostics.AddError("a volume cannot be changed", "every change makes it anew")
}

func (with *volumeResource) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var model volumeModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	err := with.engine.call(ctx, "DELETE", "/volumes/"+url.PathEscape(model.ID.ValueString()), nil, nil, nil)
	if err != nil && !isMissing(err) {
		response.Diagnostics.AddError("the volume "+model.Name.ValueString()+" was not removed", err.Error())
	}
}
