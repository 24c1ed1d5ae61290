// docker_image: an image that is on the host already. This provider fetches none, and it removes none.
package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type imageResource struct{ withEngine }

type imageModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	KeepLocally types.Bool   `tfsdk:"keep_locally"`
	ImageID     types.String `tfsdk:"image_id"`
}

func (*imageResource) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "docker_image"
}

func (*imageResource) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":           idAttribute(),
		"name":         schema.StringAttribute{Required: true, PlanModifiers: anew},
		"keep_locally": schema.BoolAttribute{Required: true},
		"image_id":     idAttribute(),
	}}
}

// look finds the image's own id by its name.
func (with *imageResource) look(ctx context.Context, name string) (string, error) {
	var seen struct {
		ID string `json:"Id"`
	}
	err := with.engine.call(ctx, "GET", "/images/"+name+"/json", nil, nil, &seen)
	return seen.ID, err
}

func (with *imageResource) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var model imageModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	name := model.Name.ValueString()
	if !model.KeepLocally.ValueBool() {
		response.Diagnostics.AddError("keep_locally of "+name, "expected true; the provider for tests removes no image")
		return
	}
	id, err := with.look(ctx, name)
	if err != nil {
		response.Diagnostics.AddError("the image "+name+" is not on the host", err.Error())
		return
	}
	model.ImageID = types.StringValue(id)
	model.ID = types.StringValue(id + name)
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (with *imageResource) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var model imageModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	name := model.Name.ValueString()
	id, err := with.look(ctx, name)
	if isMissing(err) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		response.Diagnostics.AddError("the image "+name+" cannot be read", err.Error())
		return
	}
	model.ImageID = types.StringValue(id)
	model.ID = types.StringValue(id + name)
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (with *imageResource) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var model imageModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (*imageResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
