// docker_network: name, driver, subnets, labels. Every change makes it anew.
package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type networkResource struct{ withEngine }

type networkModel struct {
	ID     types.String `tfsdk:"id"`
	Name   types.String `tfsdk:"name"`
	Driver types.String `tfsdk:"driver"`
	IPAM   []ipamModel  `tfsdk:"ipam_config"`
	Labels []labelModel `tfsdk:"labels"`
}

type ipamModel struct {
	Subnet  types.String `tfsdk:"subnet"`
	IPRange types.String `tfsdk:"ip_range"`
}

type networkSeen struct {
	ID     string `json:"Id"`
	Name   string
	Driver string
	IPAM   struct {
		Config []struct{ Subnet, IPRange string }
	}
}

func (*networkResource) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "docker_network"
}

func (*networkResource) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id":   idAttribute(),
			"name": schema.StringAttribute{Required: true, PlanModifiers: anew},
			"driver": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("bridge"), PlanModifiers: anew,
			},
		},
		Blocks: map[string]schema.Block{
			"ipam_config": schema.SetNestedBlock{
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"subnet":   schema.StringAttribute{Required: true},
					"ip_range": schema.StringAttribute{Optional: true},
				}},
				PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()},
			},
			"labels": labelsBlock(),
		},
	}
}

func (with *networkResource) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var model networkModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	subnets := []map[string]string{}
	for _, one := range model.IPAM {
		subnets = append(subnets, map[string]string{
			"Subnet": one.Subnet.ValueString(), "IPRange": one.IPRange.ValueString(),
		})
	}
	body := map[string]any{
		"Name":           model.Name.ValueString(),
		"CheckDuplicate": true,
		"Driver":         model.Driver.ValueString(),
		"Labels":         labelsOf(model.Labels),
		"IPAM":           map[string]any{"Config": subnets},
	}
	var made struct {
		ID string `json:"Id"`
	}
	if err := with.engine.call(ctx, "POST", "/networks/create", nil, body, &made); err != nil {
		response.Diagnostics.AddError("the network "+model.Name.ValueString()+" was not made", err.Error())
		return
	}
	model.ID = types.StringValue(made.ID)
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (with *networkResource) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var model networkModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	var seen networkSeen
	err := with.engine.call(ctx, "GET", "/networks/"+model.ID.ValueString(), nil, nil, &seen)
	if isMissing(err) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		response.Diagnostics.AddError("the network "+model.Name.ValueString()+" cannot be read", err.Error())
		return
	}
	model.Name, model.Driver = types.StringValue(seen.Name), types.StringValue(seen.Driver)
	if len(model.IPAM) > 0 {
		model.IPAM = nil
		for _, one := range seen.IPAM.Config {
			ipam := ipamModel{Subnet: types.StringValue(one.Subnet), IPRange: types.StringNull()}
			if one.IPRange != "" {
				ipam.IPRange = types.StringValue(one.IPRange)
			}
			model.IPAM = append(model.IPAM, ipam)
		}
	}
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (*networkResource) Update(_ context.Context, _ resource.UpdateRequest, response *resource.UpdateResponse) {
	response.Diagnostics.AddError("a network cannot be changed", "every change makes it anew")
}

func (with *networkResource) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var model networkModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	err := with.engine.call(ctx, "DELETE", "/networks/"+model.ID.ValueString(), nil, nil, nil)
	if err != nil && !isMissing(err) {
		response.Diagnostics.AddError("the network "+model.Name.ValueString()+" was not removed", err.Error())
	}
}
